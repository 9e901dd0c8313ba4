/*
 * Services as nats.c 3.7 declares them: without queue groups, and with groups that are named by a text. What a program is
 * given about a service has arrays of structures that have grown: it gets a copy of that version's form.
 */
#include <string.h>

#include "functions.h"

#if NATS_ABI == 307

static microEndpointConfig now_endpoint(const Then_microEndpointConfig *then) {
    microEndpointConfig now = {0};
    now.Name = then->Name;
    now.Subject = then->Subject;
    now.Metadata = then->Metadata;
    now.Handler = then->Handler;
    now.State = then->State;
    return now;
}

EXPORT microError *micro_AddService(microService **new_microservice, natsConnection *nc,
                                    microServiceConfig *config) {
    const Then_microServiceConfig *then = (const void *)config;
    microServiceConfig now = {0};
    microEndpointConfig endpoint;
    if (then == NULL)
        return real.micro_AddService(new_microservice, nc, NULL);
    now.Name = then->Name;
    now.Version = then->Version;
    now.Description = then->Description;
    now.Metadata = then->Metadata;
    if (then->Endpoint != NULL) {
        endpoint = now_endpoint(then->Endpoint);
        now.Endpoint = &endpoint;
    }
    now.StatsHandler = then->StatsHandler;
    now.ErrHandler = then->ErrHandler;
    now.DoneHandler = then->DoneHandler;
    now.State = then->State;
    return real.micro_AddService(new_microservice, nc, &now);
}

EXPORT microError *microService_AddEndpoint(microService *m, microEndpointConfig *config) {
    microEndpointConfig now;
    if (config != NULL)
        now = now_endpoint((const void *)config);
    return real.microService_AddEndpoint(m, config != NULL ? &now : NULL);
}

EXPORT microError *microGroup_AddEndpoint(microGroup *g, microEndpointConfig *config) {
    microEndpointConfig now;
    if (config != NULL)
        now = now_endpoint((const void *)config);
    return real.microGroup_AddEndpoint(g, config != NULL ? &now : NULL);
}

/* The last parameter of these two is the prefix itself in that version. */
EXPORT microError *microService_AddGroup(microGroup **new_group, microService *m, microGroupConfig *prefix) {
    microGroupConfig now = {.Prefix = (const char *)prefix};
    return real.microService_AddGroup(new_group, m, prefix != NULL ? &now : NULL);
}

EXPORT microError *microGroup_AddGroup(microGroup **new_group, microGroup *parent, microGroupConfig *prefix) {
    microGroupConfig now = {.Prefix = (const char *)prefix};
    return real.microGroup_AddGroup(new_group, parent, prefix != NULL ? &now : NULL);
}

/* What the program is given: its first member. The other two are released with it. */
typedef struct {
    microServiceInfo shown;
    microServiceInfo *whole;
    Then_microEndpointInfo endpoints[];
} Info;
typedef struct {
    microServiceStats shown;
    microServiceStats *whole;
    Then_microEndpointStats endpoints[];
} Stats;

EXPORT microError *microService_GetInfo(microServiceInfo **new_info, microService *m) {
    microServiceInfo *whole = NULL;
    microError *err = real.microService_GetInfo(new_info != NULL ? &whole : NULL, m);
    if (err != NULL)
        return err;
    Info *info = calloc(1, sizeof *info + (size_t)whole->EndpointsLen * sizeof info->endpoints[0]);
    if (info == NULL) {
        real.microServiceInfo_Destroy(whole);
        return micro_ErrorFromStatus(NATS_NO_MEMORY);
    }
    info->shown = *whole;
    info->whole = whole;
    for (int i = 0; i < whole->EndpointsLen; i++) {
        info->endpoints[i].Name = whole->Endpoints[i].Name;
        info->endpoints[i].Subject = whole->Endpoints[i].Subject;
        info->endpoints[i].Metadata = whole->Endpoints[i].Metadata;
    }
    info->shown.Endpoints = (void *)info->endpoints;
    *new_info = &info->shown;
    return NULL;
}

EXPORT void microServiceInfo_Destroy(microServiceInfo *info) {
    if (info == NULL)
        return;
    real.microServiceInfo_Destroy(((Info *)info)->whole);
    free(info);
}

EXPORT microError *microService_GetStats(microServiceStats **new_stats, microService *m) {
    microServiceStats *whole = NULL;
    microError *err = real.microService_GetStats(new_stats != NULL ? &whole : NULL, m);
    if (err != NULL)
        return err;
    Stats *stats = calloc(1, sizeof *stats + (size_t)whole->EndpointsLen * sizeof stats->endpoints[0]);
    if (stats == NULL) {
        real.microServiceStats_Destroy(whole);
        return micro_ErrorFromStatus(NATS_NO_MEMORY);
    }
    stats->shown = *whole;
    stats->whole = whole;
    for (int i = 0; i < whole->EndpointsLen; i++) {
        Then_microEndpointStats *then = &stats->endpoints[i];
        const microEndpointStats *now = &whole->Endpoints[i];
        then->Name = now->Name;
        then->Subject = now->Subject;
        then->NumRequests = now->NumRequests;
        then->NumErrors = now->NumErrors;
        then->ProcessingTimeSeconds = now->ProcessingTimeSeconds;
        then->ProcessingTimeNanoseconds = now->ProcessingTimeNanoseconds;
        then->AverageProcessingTimeNanoseconds = now->AverageProcessingTimeNanoseconds;
        memcpy(then->LastErrorString, now->LastErrorString, sizeof then->LastErrorString);
    }
    stats->shown.Endpoints = (void *)stats->endpoints;
    *new_stats = &stats->shown;
    return NULL;
}

EXPORT void microServiceStats_Destroy(microServiceStats *stats) {
    if (stats == NULL)
        return;
    real.microServiceStats_Destroy(((Stats *)stats)->whole);
    free(stats);
}

#endif
