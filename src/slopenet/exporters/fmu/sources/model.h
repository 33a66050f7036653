/* The network as FMI sees it, whichever version: values by reference, derivatives, a state.
 *
 * Reference 0 is the time, 1 to N_IN are the inputs, and the next N_OUT the outputs. A function that
 * can fail returns a null pointer, or the sentence that says why.
 */
#ifndef slopenet_model_h
#define slopenet_model_h

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

enum { INSTANTIATED = 1, INITIALIZATION = 2, EVENT = 4, CONTINUOUS_TIME = 8, STEP = 16, TERMINATED = 32 };

/* Everything that an importer may save and restore. */
typedef struct {
    int mode;
    double time, x[N_IN];
} State;

typedef struct {
    State state;
    int co_simulation;
    int known; /* whether y = H(x) */
    real x[N_IN], y[N_OUT], v[N_IN], Jv[N_OUT], u[N_OUT], uJ[N_IN], w[WORKSPACE];
} Model;

static const double START[N_IN] = START_VALUES;
static const char* const NO_MODEL = "there is no instance";
static const char* const NO_INPUT = "a value reference is not that of an input";
static const char* const NO_OUTPUT = "a value reference is not that of an output";

static inline void restore(Model* m, const State* state) {
    size_t i;
    m->state = *state;
    m->known = 0;
    for (i = 0; i < N_IN; ++i) m->x[i] = (real)state->x[i];
}

static inline void reset(Model* m) {
    State state;
    memset(&state, 0, sizeof state);
    state.mode = INSTANTIATED;
    memcpy(state.x, START, sizeof START);
    restore(m, &state);
}

/* Makes an instance at its start: whether it is allowed and the network computes as it should. */
static inline const char* start(Model* m, const char* token, int co_simulation) {
    if (!m) return "there is not enough memory";
    if (!token || strcmp(token, TOKEN)) return "the token is not that of modelDescription.xml";
    if (network_self_test(m->w)) return "the network does not give its known results on this machine";
    m->co_simulation = co_simulation;
    reset(m);
    return NULL;
}

static inline const char* require(const Model* m, int modes) {
    if (!m) return NO_MODEL;
    return m->state.mode & modes ? NULL : "the function must not be called in this state";
}

static inline const char* move(Model* m, int from, int to) {
    const char* wrong = require(m, from);
    if (!wrong) m->state.mode = to;
    return wrong;
}

static inline const char* leave_initialization(Model* m) {
    return move(m, INITIALIZATION, m && m->co_simulation ? STEP : EVENT);
}

static inline const char* set_time(Model* m, double time) {
    const char* wrong = require(m, EVENT | CONTINUOUS_TIME);
    if (!wrong) m->state.time = time;
    return wrong;
}

static inline const char* step(Model* m, double time, double size) {
    const char* wrong = require(m, STEP);
    if (wrong) return wrong;
    if (!(size >= 0)) return "the step must not be negative";
    m->state.time = time + size;
    return NULL;
}

static inline const char* set(Model* m, const unsigned* references, size_t n, const double* values) {
    size_t i;
    const char* wrong = require(m, ~TERMINATED);
    for (i = 0; !wrong && i < n; ++i) {
        const size_t at = (size_t)references[i] - 1;
        if (at >= N_IN) return NO_INPUT;
        m->state.x[at] = values[i];
        m->x[at] = (real)values[i];
        m->known = 0;
    }
    return wrong;
}

static inline const char* get(Model* m, const unsigned* references, size_t n, double* values) {
    size_t i;
    if (!m) return NO_MODEL;
    for (i = 0; i < n; ++i) {
        const size_t r = references[i];
        if (r > N_IN + N_OUT) return "there is no variable with this value reference";
        if (r > N_IN && !m->known) {
            network_value(m->x, m->y, m->w);
            m->known = 1;
        }
        values[i] = r == 0 ? m->state.time : r <= N_IN ? m->state.x[r - 1] : (double)m->y[r - N_IN - 1];
    }
    return NULL;
}

/* J v: nothing depends on the time. */
static inline const char* directional(Model* m, const unsigned* unknowns, size_t n_unknowns,
                                      const unsigned* knowns, size_t n_knowns, const double* seed,
                                      double* sensitivity) {
    size_t i;
    if (!m) return NO_MODEL;
    memset(m->v, 0, sizeof m->v);
    for (i = 0; i < n_knowns; ++i) {
        if (knowns[i] > N_IN) return NO_INPUT;
        if (knowns[i]) m->v[knowns[i] - 1] += (real)seed[i];
    }
    network_jvp(m->x, m->v, m->y, m->Jv, m->w);
    m->known = 1;
    for (i = 0; i < n_unknowns; ++i) {
        const size_t at = (size_t)unknowns[i] - N_IN - 1;
        if (at >= N_OUT) return NO_OUTPUT;
        sensitivity[i] = (double)m->Jv[at];
    }
    return NULL;
}

/* J' u */
static inline const char* adjoint(Model* m, const unsigned* unknowns, size_t n_unknowns,
                                  const unsigned* knowns, size_t n_knowns, const double* seed,
                                  double* sensitivity) {
    size_t i;
    if (!m) return NO_MODEL;
    memset(m->u, 0, sizeof m->u);
    for (i = 0; i < n_unknowns; ++i) {
        const size_t at = (size_t)unknowns[i] - N_IN - 1;
        if (at >= N_OUT) return NO_OUTPUT;
        m->u[at] += (real)seed[i];
    }
    network_vjp(m->x, m->u, m->y, m->uJ, m->w);
    m->known = 1;
    for (i = 0; i < n_knowns; ++i) {
        if (knowns[i] > N_IN) return NO_INPUT;
        sensitivity[i] = knowns[i] ? (double)m->uJ[knowns[i] - 1] : 0.0;
    }
    return NULL;
}

/* A copy of the state, in the memory of an earlier copy if there is one. */
static inline const char* save(const Model* m, void** copy) {
    if (!m) return NO_MODEL;
    if (!*copy) *copy = malloc(sizeof(State));
    if (!*copy) return "there is not enough memory";
    memcpy(*copy, &m->state, sizeof(State));
    return NULL;
}

static inline const char* set_state(Model* m, const void* copy) {
    if (!m) return NO_MODEL;
    if (!copy) return "there is no state";
    restore(m, (const State*)copy);
    return NULL;
}

static inline const char* free_state(const Model* m, void** copy) {
    if (!m) return NO_MODEL;
    if (copy) {
        free(*copy);
        *copy = NULL;
    }
    return NULL;
}

static inline const char* serialize(const void* copy, void* bytes, size_t size) {
    if (!copy || size != sizeof(State)) return "the size is not that of a state";
    memcpy(bytes, copy, size);
    return NULL;
}

static inline const char* deserialize(const void* bytes, size_t size, void** copy) {
    if (size != sizeof(State)) return "the size is not that of a state";
    if (!*copy) *copy = malloc(size);
    if (!*copy) return "there is not enough memory";
    memcpy(*copy, bytes, size);
    return NULL;
}

#endif
