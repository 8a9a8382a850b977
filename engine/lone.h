/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lone.h - what there is to say of connections of which no more than a SYN was captured: see lone.c.
 */
#ifndef TCPHS_LONE_H
#define TCPHS_LONE_H

#include "store.h"

#define TCPHS_LONE_SHAPES 64

/** Most findings of a shape; one with more is not kept. */
#define TCPHS_LONE_FINDINGS 4

/** struct tcphs_lone: a SYN that is not packed any more, and how its connection ends. */
struct tcphs_lone {
	struct tcphs_packed_syn syn;
	struct tcphs_key key;
	uint32_t stream;
	tcphs_time end;         /* of the capture, for this connection; or NEVER */
};

/** struct tcphs_lone_shape: the summary of one, and all that it depends on but what lone.c puts into it. */
struct tcphs_lone_shape {
	uint64_t traits[2];     /* 0 and 0: none */
	struct tcphs_summary summary;
	struct tcphs_finding findings[TCPHS_LONE_FINDINGS];
};

/** struct tcphs_lone_shapes: those met last. All zero is empty. */
struct tcphs_lone_shapes {
	struct tcphs_lone_shape shape[TCPHS_LONE_SHAPES];
	struct tcphs_finding findings[TCPHS_LONE_FINDINGS];   /* of the summary that was made last */
};

/** tcphs_lone_summary(): if a SYN of this shape was met before: fills *summary*, valid until the next call, true. */
bool tcphs_lone_summary(struct tcphs_lone_shapes *shapes, const struct tcphs_config *config,
                        const struct tcphs_lone *lone, struct tcphs_summary *summary);

/** tcphs_lone_keep(): |summary| is what the long way has made of |lone|. */
void tcphs_lone_keep(struct tcphs_lone_shapes *shapes, const struct tcphs_config *config,
                     const struct tcphs_lone *lone, const struct tcphs_summary *summary);

#endif
