/* Requests that the library refuses because the server reports a version that would ignore them. */
#ifndef NATS_RS_TEST_JS_REFUSED_H
#define NATS_RS_TEST_JS_REFUSED_H

#include "jetstream.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Makes each such request of a server of 2.9 and checks its status and text. The server receives none of them. */
void js_check_refused(jsCtx *js);

#ifdef __cplusplus
}
#endif
#endif
