#include "cluster_load.h"

void load_init(cluster_load *l, cluster *servers) {
    l->servers = servers;
    pthread_mutex_init(&l->lock, NULL);
}

void load_set(cluster_load *l, bool *flag) {
    pthread_mutex_lock(&l->lock);
    *flag = true;
    pthread_mutex_unlock(&l->lock);
}

bool load_is_set(cluster_load *l, const bool *flag) {
    bool value;

    pthread_mutex_lock(&l->lock);
    value = *flag;
    pthread_mutex_unlock(&l->lock);
    return value;
}

bool load_parse(natsMsg *msg, int *number, int *n) {
    char text[32];

    snprintf(text, sizeof(text), "%.*s", natsMsg_GetDataLength(msg), natsMsg_GetData(msg));
    return sscanf(text, "%d %d", number, n) == 2 && *number >= 0 && *number < PUBLISHERS && *n >= 0 &&
           *n < EACH;
}
