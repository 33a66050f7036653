/* FMI 2.0, Model Exchange and Co-Simulation, of a network: no states, no events. */
#include "fmi2.h"

#include "model.h"

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif

typedef struct {
    Model model; /* first, so that a pointer to the component is one to the model */
    fmi2ComponentEnvironment environment;
    fmi2CallbackLogger log;
    char* name;
} Instance;

static void report(const fmi2CallbackFunctions* functions, fmi2String name, const char* wrong) {
    if (functions && functions->logger)
        functions->logger(functions->componentEnvironment, name, fmi2Error, "logStatusError", wrong);
}

static fmi2Status checked(fmi2Component component, const char* wrong) {
    const Instance* const self = (const Instance*)component;
    if (!wrong) return fmi2OK;
    if (self && self->log) self->log(self->environment, self->name, fmi2Error, "logStatusError", wrong);
    return fmi2Error;
}

#define STATUS(name) FMI2_Export fmi2Status FMI2_NAME(name)
#define MODEL ((Model*)component)

FMI2_Export const char* FMI2_NAME(fmi2GetTypesPlatform)(void) { return "default"; }

FMI2_Export const char* FMI2_NAME(fmi2GetVersion)(void) { return "2.0"; }

STATUS(fmi2SetDebugLogging)
(fmi2Component component, fmi2Boolean on, size_t n, const fmi2String categories[]) { return fmi2OK; }

FMI2_Export fmi2Component FMI2_NAME(fmi2Instantiate)(fmi2String name, fmi2Type type, fmi2String guid,
                                                     fmi2String resources,
                                                     const fmi2CallbackFunctions* functions,
                                                     fmi2Boolean visible, fmi2Boolean logging) {
    Instance* self = (Instance*)calloc(1, sizeof(Instance));
    const size_t length = name ? strlen(name) + 1 : 1;
    char* copy = (char*)calloc(length, 1);
    const char* wrong = start(self && copy ? &self->model : NULL, guid, type == fmi2CoSimulation);
    if (wrong) {
        report(functions, name, wrong);
        free(self);
        free(copy);
        return NULL;
    }
    if (name) memcpy(copy, name, length);
    self->name = copy;
    if (functions) {
        self->environment = functions->componentEnvironment;
        self->log = functions->logger;
    }
    return self;
}

FMI2_Export void FMI2_NAME(fmi2FreeInstance)(fmi2Component component) {
    if (component) free(((Instance*)component)->name);
    free(component);
}

/* The modes. */

STATUS(fmi2SetupExperiment)
(fmi2Component component, fmi2Boolean tolerance_defined, fmi2Real tolerance, fmi2Real start_time,
 fmi2Boolean stop_defined, fmi2Real stop_time) {
    const char* wrong = require(MODEL, INSTANTIATED);
    if (!wrong) MODEL->state.time = start_time;
    return checked(component, wrong);
}

STATUS(fmi2EnterInitializationMode)(fmi2Component component) {
    return checked(component, move(MODEL, INSTANTIATED, INITIALIZATION));
}

STATUS(fmi2ExitInitializationMode)(fmi2Component component) {
    return checked(component, leave_initialization(MODEL));
}

STATUS(fmi2EnterEventMode)(fmi2Component component) {
    return checked(component, move(MODEL, CONTINUOUS_TIME, EVENT));
}

STATUS(fmi2EnterContinuousTimeMode)(fmi2Component component) {
    return checked(component, move(MODEL, EVENT, CONTINUOUS_TIME));
}

STATUS(fmi2Terminate)(fmi2Component component) {
    return checked(component, move(MODEL, EVENT | CONTINUOUS_TIME | STEP, TERMINATED));
}

STATUS(fmi2Reset)(fmi2Component component) {
    if (component) reset(MODEL);
    return checked(component, component ? NULL : NO_MODEL);
}

STATUS(fmi2NewDiscreteStates)(fmi2Component component, fmi2EventInfo* info) {
    memset(info, 0, sizeof *info);
    return checked(component, require(MODEL, EVENT));
}

STATUS(fmi2CompletedIntegratorStep)
(fmi2Component component, fmi2Boolean no_set_state, fmi2Boolean* enter_event_mode, fmi2Boolean* terminate) {
    *enter_event_mode = *terminate = 0;
    return checked(component, require(MODEL, CONTINUOUS_TIME));
}

STATUS(fmi2SetTime)(fmi2Component component, fmi2Real time) {
    return checked(component, set_time(MODEL, time));
}

STATUS(fmi2DoStep)(fmi2Component component, fmi2Real time, fmi2Real size, fmi2Boolean no_set_state) {
    return checked(component, step(MODEL, time, size));
}

/* Values and derivatives. */

STATUS(fmi2GetReal)
(fmi2Component component, const fmi2ValueReference references[], size_t n, fmi2Real values[]) {
    return checked(component, get(MODEL, references, n, values));
}

STATUS(fmi2SetReal)
(fmi2Component component, const fmi2ValueReference references[], size_t n, const fmi2Real values[]) {
    return checked(component, set(MODEL, references, n, values));
}

STATUS(fmi2GetDirectionalDerivative)
(fmi2Component component, const fmi2ValueReference unknowns[], size_t n_unknowns,
 const fmi2ValueReference knowns[], size_t n_knowns, const fmi2Real seed[], fmi2Real sensitivity[]) {
    return checked(component, directional(MODEL, unknowns, n_unknowns, knowns, n_knowns, seed, sensitivity));
}

/* The state. */

STATUS(fmi2GetFMUstate)(fmi2Component component, fmi2FMUstate* state) {
    return checked(component, save(MODEL, state));
}

STATUS(fmi2SetFMUstate)(fmi2Component component, fmi2FMUstate state) {
    return checked(component, set_state(MODEL, state));
}

STATUS(fmi2FreeFMUstate)(fmi2Component component, fmi2FMUstate* state) {
    return checked(component, free_state(MODEL, state));
}

STATUS(fmi2SerializedFMUstateSize)(fmi2Component component, fmi2FMUstate state, size_t* size) {
    *size = sizeof(State);
    return fmi2OK;
}

STATUS(fmi2SerializeFMUstate)
(fmi2Component component, fmi2FMUstate state, fmi2Byte bytes[], size_t size) {
    return checked(component, serialize(state, bytes, size));
}

STATUS(fmi2DeSerializeFMUstate)
(fmi2Component component, const fmi2Byte bytes[], size_t size, fmi2FMUstate* state) {
    return checked(component, deserialize(bytes, size, state));
}

/* Nothing of the following kinds is there. */

static const char* none(size_t n) { return n ? "there is no variable or state of this kind" : NULL; }

#define NONE(name, ...) \
    STATUS(name)(fmi2Component component, __VA_ARGS__) { return checked(component, none(n)); }
#define REFERENCES const fmi2ValueReference references[], size_t n

NONE(fmi2GetInteger, REFERENCES, fmi2Integer values[])
NONE(fmi2GetBoolean, REFERENCES, fmi2Boolean values[])
NONE(fmi2GetString, REFERENCES, fmi2String values[])
NONE(fmi2SetInteger, REFERENCES, const fmi2Integer values[])
NONE(fmi2SetBoolean, REFERENCES, const fmi2Boolean values[])
NONE(fmi2SetString, REFERENCES, const fmi2String values[])
NONE(fmi2SetContinuousStates, const fmi2Real states[], size_t n)
NONE(fmi2GetContinuousStates, fmi2Real states[], size_t n)
NONE(fmi2GetDerivatives, fmi2Real derivatives[], size_t n)
NONE(fmi2GetNominalsOfContinuousStates, fmi2Real nominals[], size_t n)
NONE(fmi2GetEventIndicators, fmi2Real indicators[], size_t n)

#define UNSUPPORTED(name, ...)                                      \
    STATUS(name)(fmi2Component component, __VA_ARGS__) {            \
        return checked(component, "the function is not supported"); \
    }

UNSUPPORTED(fmi2SetRealInputDerivatives, REFERENCES, const fmi2Integer orders[], const fmi2Real values[])
UNSUPPORTED(fmi2GetRealOutputDerivatives, REFERENCES, const fmi2Integer orders[], fmi2Real values[])
UNSUPPORTED(fmi2GetStatus, const fmi2StatusKind kind, fmi2Status* value)
UNSUPPORTED(fmi2GetRealStatus, const fmi2StatusKind kind, fmi2Real* value)
UNSUPPORTED(fmi2GetIntegerStatus, const fmi2StatusKind kind, fmi2Integer* value)
UNSUPPORTED(fmi2GetBooleanStatus, const fmi2StatusKind kind, fmi2Boolean* value)
UNSUPPORTED(fmi2GetStringStatus, const fmi2StatusKind kind, fmi2String* value)

STATUS(fmi2CancelStep)(fmi2Component component) {
    return checked(component, "the function is not supported");
}
