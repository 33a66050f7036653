/* FMI 3.0, Model Exchange and Co-Simulation, of a network: no states, no events. */
#include "fmi3.h"

#include "model.h"

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif

typedef struct {
    Model model; /* first, so that a pointer to the instance is one to the model */
    fmi3InstanceEnvironment environment;
    fmi3LogMessageCallback log;
} Instance;

static void report(fmi3LogMessageCallback log, fmi3InstanceEnvironment environment, const char* wrong) {
    if (log) log(environment, fmi3Error, "logStatusError", wrong);
}

static fmi3Status checked(fmi3Instance instance, const char* wrong) {
    const Instance* const self = (const Instance*)instance;
    if (!wrong) return fmi3OK;
    if (self) report(self->log, self->environment, wrong);
    return fmi3Error;
}

static fmi3Instance instantiate(const char* token, int co_simulation, fmi3InstanceEnvironment environment,
                                fmi3LogMessageCallback log) {
    Instance* self = (Instance*)calloc(1, sizeof(Instance));
    const char* wrong = start(self ? &self->model : NULL, token, co_simulation);
    if (wrong) {
        report(log, environment, wrong);
        free(self);
        return NULL;
    }
    self->environment = environment;
    self->log = log;
    return self;
}

#define STATUS(name) FMI3_Export fmi3Status FMI3_NAME(name)
#define MODEL ((Model*)instance)
#define SIZES_MATCH(a, b) ((a) == (b) ? NULL : "the number of values is not that of the variables")

FMI3_Export const char* FMI3_NAME(fmi3GetVersion)(void) { return "3.0"; }

STATUS(fmi3SetDebugLogging)
(fmi3Instance instance, fmi3Boolean on, size_t n, const fmi3String categories[]) { return fmi3OK; }

FMI3_Export fmi3Instance FMI3_NAME(fmi3InstantiateModelExchange)(fmi3String name, fmi3String token,
                                                                 fmi3String resources, fmi3Boolean visible,
                                                                 fmi3Boolean logging,
                                                                 fmi3InstanceEnvironment environment,
                                                                 fmi3LogMessageCallback log) {
    return instantiate(token, 0, environment, log);
}

FMI3_Export fmi3Instance FMI3_NAME(fmi3InstantiateCoSimulation)(
    fmi3String name, fmi3String token, fmi3String resources, fmi3Boolean visible, fmi3Boolean logging,
    fmi3Boolean event_mode, fmi3Boolean early_return, const fmi3ValueReference intermediate[],
    size_t n_intermediate, fmi3InstanceEnvironment environment, fmi3LogMessageCallback log,
    fmi3IntermediateUpdateCallback update) {
    if (!event_mode) return instantiate(token, 1, environment, log);
    report(log, environment, "there is no event mode in co-simulation");
    return NULL;
}

FMI3_Export fmi3Instance FMI3_NAME(fmi3InstantiateScheduledExecution)(
    fmi3String name, fmi3String token, fmi3String resources, fmi3Boolean visible, fmi3Boolean logging,
    fmi3InstanceEnvironment environment, fmi3LogMessageCallback log, fmi3ClockUpdateCallback update,
    fmi3LockPreemptionCallback lock, fmi3UnlockPreemptionCallback unlock) {
    report(log, environment, "scheduled execution is not supported");
    return NULL;
}

FMI3_Export void FMI3_NAME(fmi3FreeInstance)(fmi3Instance instance) { free(instance); }

/* The modes. */

STATUS(fmi3EnterInitializationMode)
(fmi3Instance instance, fmi3Boolean tolerance_defined, fmi3Float64 tolerance, fmi3Float64 start_time,
 fmi3Boolean stop_defined, fmi3Float64 stop_time) {
    const char* wrong = move(MODEL, INSTANTIATED, INITIALIZATION);
    if (!wrong) MODEL->state.time = start_time;
    return checked(instance, wrong);
}

STATUS(fmi3ExitInitializationMode)(fmi3Instance instance) {
    return checked(instance, leave_initialization(MODEL));
}

STATUS(fmi3EnterEventMode)(fmi3Instance instance) {
    return checked(instance, move(MODEL, CONTINUOUS_TIME, EVENT));
}

STATUS(fmi3EnterContinuousTimeMode)(fmi3Instance instance) {
    return checked(instance, move(MODEL, EVENT, CONTINUOUS_TIME));
}

STATUS(fmi3Terminate)(fmi3Instance instance) {
    return checked(instance, move(MODEL, EVENT | CONTINUOUS_TIME | STEP, TERMINATED));
}

STATUS(fmi3Reset)(fmi3Instance instance) {
    if (instance) reset(MODEL);
    return checked(instance, instance ? NULL : NO_MODEL);
}

STATUS(fmi3UpdateDiscreteStates)
(fmi3Instance instance, fmi3Boolean* needed, fmi3Boolean* terminate, fmi3Boolean* nominals_changed,
 fmi3Boolean* states_changed, fmi3Boolean* time_defined, fmi3Float64* time) {
    *needed = *terminate = *nominals_changed = *states_changed = *time_defined = false;
    *time = 0.0;
    return checked(instance, require(MODEL, EVENT));
}

STATUS(fmi3CompletedIntegratorStep)
(fmi3Instance instance, fmi3Boolean no_set_state, fmi3Boolean* enter_event_mode, fmi3Boolean* terminate) {
    *enter_event_mode = *terminate = false;
    return checked(instance, require(MODEL, CONTINUOUS_TIME));
}

STATUS(fmi3SetTime)(fmi3Instance instance, fmi3Float64 time) {
    return checked(instance, set_time(MODEL, time));
}

STATUS(fmi3DoStep)
(fmi3Instance instance, fmi3Float64 time, fmi3Float64 size, fmi3Boolean no_set_state,
 fmi3Boolean* event_needed, fmi3Boolean* terminate, fmi3Boolean* early_return, fmi3Float64* last_time) {
    const char* wrong = step(MODEL, time, size);
    *event_needed = *terminate = *early_return = false;
    *last_time = wrong ? time : MODEL->state.time;
    return checked(instance, wrong);
}

/* Values and derivatives. */

STATUS(fmi3GetFloat64)
(fmi3Instance instance, const fmi3ValueReference references[], size_t n, fmi3Float64 values[],
 size_t n_values) {
    const char* wrong = SIZES_MATCH(n, n_values);
    return checked(instance, wrong ? wrong : get(MODEL, references, n, values));
}

STATUS(fmi3SetFloat64)
(fmi3Instance instance, const fmi3ValueReference references[], size_t n, const fmi3Float64 values[],
 size_t n_values) {
    const char* wrong = SIZES_MATCH(n, n_values);
    return checked(instance, wrong ? wrong : set(MODEL, references, n, values));
}

STATUS(fmi3GetDirectionalDerivative)
(fmi3Instance instance, const fmi3ValueReference unknowns[], size_t n_unknowns,
 const fmi3ValueReference knowns[], size_t n_knowns, const fmi3Float64 seed[], size_t n_seed,
 fmi3Float64 sensitivity[], size_t n_sensitivity) {
    const char* wrong = SIZES_MATCH(n_seed, n_knowns);
    if (!wrong) wrong = SIZES_MATCH(n_sensitivity, n_unknowns);
    if (!wrong) wrong = directional(MODEL, unknowns, n_unknowns, knowns, n_knowns, seed, sensitivity);
    return checked(instance, wrong);
}

STATUS(fmi3GetAdjointDerivative)
(fmi3Instance instance, const fmi3ValueReference unknowns[], size_t n_unknowns,
 const fmi3ValueReference knowns[], size_t n_knowns, const fmi3Float64 seed[], size_t n_seed,
 fmi3Float64 sensitivity[], size_t n_sensitivity) {
    const char* wrong = SIZES_MATCH(n_seed, n_unknowns);
    if (!wrong) wrong = SIZES_MATCH(n_sensitivity, n_knowns);
    if (!wrong) wrong = adjoint(MODEL, unknowns, n_unknowns, knowns, n_knowns, seed, sensitivity);
    return checked(instance, wrong);
}

/* The state. */

STATUS(fmi3GetFMUState)(fmi3Instance instance, fmi3FMUState* state) {
    return checked(instance, save(MODEL, state));
}

STATUS(fmi3SetFMUState)(fmi3Instance instance, fmi3FMUState state) {
    return checked(instance, set_state(MODEL, state));
}

STATUS(fmi3FreeFMUState)(fmi3Instance instance, fmi3FMUState* state) {
    return checked(instance, free_state(MODEL, state));
}

STATUS(fmi3SerializedFMUStateSize)(fmi3Instance instance, fmi3FMUState state, size_t* size) {
    *size = sizeof(State);
    return fmi3OK;
}

STATUS(fmi3SerializeFMUState)
(fmi3Instance instance, fmi3FMUState state, fmi3Byte bytes[], size_t size) {
    return checked(instance, serialize(state, bytes, size));
}

STATUS(fmi3DeserializeFMUState)
(fmi3Instance instance, const fmi3Byte bytes[], size_t size, fmi3FMUState* state) {
    return checked(instance, deserialize(bytes, size, state));
}

/* Nothing of the following kinds is there. */

static const char* none(size_t n) { return n ? "there is no variable or state of this kind" : NULL; }

#define NO_VARIABLES(Type)                                                                        \
    STATUS(fmi3Get##Type)(fmi3Instance instance, const fmi3ValueReference references[], size_t n, \
                          fmi3##Type values[], size_t n_values) {                                 \
        return checked(instance, none(n));                                                        \
    }                                                                                             \
    STATUS(fmi3Set##Type)(fmi3Instance instance, const fmi3ValueReference references[], size_t n, \
                          const fmi3##Type values[], size_t n_values) {                           \
        return checked(instance, none(n));                                                        \
    }
NO_VARIABLES(Float32)
NO_VARIABLES(Int8)
NO_VARIABLES(UInt8)
NO_VARIABLES(Int16)
NO_VARIABLES(UInt16)
NO_VARIABLES(Int32)
NO_VARIABLES(UInt32)
NO_VARIABLES(Int64)
NO_VARIABLES(UInt64)
NO_VARIABLES(Boolean)
NO_VARIABLES(String)

#define NONE(name, ...) \
    STATUS(name)(fmi3Instance instance, __VA_ARGS__) { return checked(instance, none(n)); }
#define REFERENCES const fmi3ValueReference references[], size_t n

NONE(fmi3GetBinary, REFERENCES, size_t sizes[], fmi3Binary values[], size_t n_values)
NONE(fmi3SetBinary, REFERENCES, const size_t sizes[], const fmi3Binary values[], size_t n_values)
NONE(fmi3GetClock, REFERENCES, fmi3Clock values[])
NONE(fmi3SetClock, REFERENCES, const fmi3Clock values[])
NONE(fmi3GetIntervalDecimal, REFERENCES, fmi3Float64 intervals[], fmi3IntervalQualifier qualifiers[])
NONE(fmi3GetIntervalFraction, REFERENCES, fmi3UInt64 counters[], fmi3UInt64 resolutions[],
     fmi3IntervalQualifier qualifiers[])
NONE(fmi3GetShiftDecimal, REFERENCES, fmi3Float64 shifts[])
NONE(fmi3GetShiftFraction, REFERENCES, fmi3UInt64 counters[], fmi3UInt64 resolutions[])
NONE(fmi3SetIntervalDecimal, REFERENCES, const fmi3Float64 intervals[])
NONE(fmi3SetIntervalFraction, REFERENCES, const fmi3UInt64 counters[], const fmi3UInt64 resolutions[])
NONE(fmi3SetShiftDecimal, REFERENCES, const fmi3Float64 shifts[])
NONE(fmi3SetShiftFraction, REFERENCES, const fmi3UInt64 counters[], const fmi3UInt64 resolutions[])
NONE(fmi3SetContinuousStates, const fmi3Float64 states[], size_t n)
NONE(fmi3GetContinuousStates, fmi3Float64 states[], size_t n)
NONE(fmi3GetContinuousStateDerivatives, fmi3Float64 derivatives[], size_t n)
NONE(fmi3GetNominalsOfContinuousStates, fmi3Float64 nominals[], size_t n)
NONE(fmi3GetEventIndicators, fmi3Float64 indicators[], size_t n)

STATUS(fmi3GetNumberOfContinuousStates)(fmi3Instance instance, size_t* n) {
    *n = 0;
    return fmi3OK;
}

STATUS(fmi3GetNumberOfEventIndicators)(fmi3Instance instance, size_t* n) {
    *n = 0;
    return fmi3OK;
}

#define UNSUPPORTED(name, parameters) \
    STATUS(name) parameters { return checked(instance, "the function is not supported"); }

UNSUPPORTED(fmi3GetNumberOfVariableDependencies,
            (fmi3Instance instance, fmi3ValueReference reference, size_t* n))
UNSUPPORTED(fmi3GetVariableDependencies,
            (fmi3Instance instance, fmi3ValueReference dependent, size_t dependent_elements[],
             fmi3ValueReference independents[], size_t independent_elements[], fmi3DependencyKind kinds[],
             size_t n))
UNSUPPORTED(fmi3GetOutputDerivatives, (fmi3Instance instance, REFERENCES, const fmi3Int32 orders[],
                                       fmi3Float64 values[], size_t n_values))
UNSUPPORTED(fmi3EnterConfigurationMode, (fmi3Instance instance))
UNSUPPORTED(fmi3ExitConfigurationMode, (fmi3Instance instance))
UNSUPPORTED(fmi3EvaluateDiscreteStates, (fmi3Instance instance))
UNSUPPORTED(fmi3EnterStepMode, (fmi3Instance instance))
UNSUPPORTED(fmi3ActivateModelPartition, (fmi3Instance instance, fmi3ValueReference clock, fmi3Float64 time))
