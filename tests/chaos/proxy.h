/* A TCP proxy that breaks what passes through it. One thread serves all proxies of the process.
 *
 * What it can do to the links of one proxy: cut them (FIN or RST), cut one in the middle of its bytes, hold bytes back,
 * pass on a few bytes at a time, pass on nothing at all, refuse new ones. TLS and WebSocket pass through as they are. */
#ifndef CHAOS_PROXY_H
#define CHAOS_PROXY_H

#include <stdbool.h>
#include <stdint.h>

typedef struct proxy proxy;

/* Listens on a port of its own and leads to another one, both on the loopback address. */
proxy *proxy_start(int to_port);
int proxy_port(const proxy *p);
/* Begins to serve them, once all are there. */
void proxies_run(void);
/* Ends all proxies. */
void proxies_stop(void);

/* Ends the links that there are; reset: with RST, else with FIN once the bytes on their way have passed. */
void proxy_cut(proxy *p, bool reset);
/* Ends each link with RST after so many more bytes, in the middle of whatever they belong to. */
void proxy_cut_after(proxy *p, int bytes);
/* Holds all bytes back for so long; 0 ends it. */
void proxy_delay(proxy *p, int ms);
/* Passes on at most so many bytes in one write; 0 ends it. */
void proxy_split(proxy *p, int bytes);
/* Reads and writes nothing, but accepts. */
void proxy_hole(proxy *p, bool on);
/* Resets new links at once. */
void proxy_refuse(proxy *p, bool on);
/* Ends all that; links stay. */
void proxy_heal(proxy *p);

#endif
