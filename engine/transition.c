/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * transition.c - the two total tables.
 *
 * Opening: [stage][role of the sender][event] -> next stage, next states of both endpoints, rule to raise.
 * Closing: [state][event] -> next state, for each endpoint of its own, from ESTABLISHED on (figure 5).
 *
 * Every cell of the opening table is written down. NEVER says that classify.c cannot return that event in
 * that stage; the update asserts it. The states are those that the RFC's figures show once the segment has
 * been taken in by its receiver; a cell that leaves them alone has KEEP.
 *
 * The rule of an event is much the same in all stages, so a cell names it only where it is raised.
 */
#include "connection.h"

#define NEVER(event) [TCPHS_EV_##event] = { .stage = TCPHS_STAGES }
/* The stage and the states stay. */
#define KEEP(event, here, raised) [TCPHS_EV_##event] = { .stage = TCPHS_STAGE_##here, .rule = TCPHS_RULE_##raised }
#define GO(event, next, client_state, server_state, raised) \
	[TCPHS_EV_##event] = { TCPHS_STAGE_##next, TCPHS_##client_state, TCPHS_##server_state, TCPHS_RULE_##raised }

static const struct tcphs_cell opening[TCPHS_STAGES][2][TCPHS_EVENTS] = {
	[TCPHS_STAGE_NEW] = {
		[TCPHS_CLIENT] = {
			NEVER(DUPLICATE),
			GO(NOISE, PROBE, STATE_NONE, STATE_NONE, NONE),      /* no SYN, no ACK: nobody's state is known */
			GO(SYN, SYN, SYN_SENT, SYN_RECEIVED, NONE),          /* figure 6, line 2 */
			NEVER(SYN_AGAIN), NEVER(SYNACK), NEVER(SYNACK_AGAIN), NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK),
			NEVER(SYNACK_BAD_ACK),
			GO(ACK, MIDSTREAM, ESTABLISHED, ESTABLISHED, NONE),  /* only an open connection acknowledges */
			NEVER(ACK_AHEAD), NEVER(ACK_BAD_ACK), NEVER(ACK_BAD_SEQ), NEVER(MOVED_ON), NEVER(CHALLENGE),
			GO(RST, MIDSTREAM, CLOSED, CLOSED, NONE),            /* it ends what was not captured */
			NEVER(RST_BAD), NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
		[TCPHS_SERVER] = {
			NEVER(DUPLICATE), NEVER(NOISE), NEVER(SYN), NEVER(SYN_AGAIN),
			GO(SYNACK, SYNACK, ESTABLISHED, SYN_RECEIVED, SYNACK_WITHOUT_SYN),  /* it answers a SYN not captured */
			NEVER(SYNACK_AGAIN), NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK), NEVER(SYNACK_BAD_ACK), NEVER(ACK),
			NEVER(ACK_AHEAD), NEVER(ACK_BAD_ACK), NEVER(ACK_BAD_SEQ), NEVER(MOVED_ON), NEVER(CHALLENGE), NEVER(RST),
			NEVER(RST_BAD), NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
	},
	[TCPHS_STAGE_PROBE] = {
		[TCPHS_CLIENT] = {
			KEEP(DUPLICATE, PROBE, FRAME_DUPLICATE),
			KEEP(NOISE, PROBE, NONE),
			GO(SYN, SYN, SYN_SENT, SYN_RECEIVED, NONE),
			NEVER(SYN_AGAIN), NEVER(SYNACK), NEVER(SYNACK_AGAIN), NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK),
			NEVER(SYNACK_BAD_ACK),
			GO(ACK, MIDSTREAM, ESTABLISHED, ESTABLISHED, NONE),
			NEVER(ACK_AHEAD), NEVER(ACK_BAD_ACK), NEVER(ACK_BAD_SEQ), NEVER(MOVED_ON), NEVER(CHALLENGE),
			KEEP(RST, PROBE, NONE),
			NEVER(RST_BAD), NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
		[TCPHS_SERVER] = {
			KEEP(DUPLICATE, PROBE, FRAME_DUPLICATE),
			KEEP(NOISE, PROBE, NONE),
			NEVER(SYN), NEVER(SYN_AGAIN),
			GO(SYNACK, SYNACK, ESTABLISHED, SYN_RECEIVED, SYNACK_WITHOUT_SYN),
			NEVER(SYNACK_AGAIN), NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK), NEVER(SYNACK_BAD_ACK),
			GO(ACK, MIDSTREAM, ESTABLISHED, ESTABLISHED, NONE),
			NEVER(ACK_AHEAD), NEVER(ACK_BAD_ACK), NEVER(ACK_BAD_SEQ), NEVER(MOVED_ON), NEVER(CHALLENGE),
			KEEP(RST, PROBE, NONE),                              /* 3.10.7.1: the answer to a stray segment */
			NEVER(RST_BAD), NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
	},
	[TCPHS_STAGE_SYN] = {
		[TCPHS_CLIENT] = {
			KEEP(DUPLICATE, SYN, FRAME_DUPLICATE),
			KEEP(NOISE, SYN, NONE),                              /* a bare FIN or data without ACK is dropped */
			NEVER(SYN),
			GO(SYN_AGAIN, SYN, SYN_SENT, SYN_RECEIVED, SYN_AGAIN),
			NEVER(SYNACK), NEVER(SYNACK_AGAIN), NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK),
			KEEP(SYNACK_BAD_ACK, SYN, SYNACK_FROM_CLIENT),                     /* no peer's SYN was captured that it could answer */
			GO(ACK, UNSEEN, ESTABLISHED, ESTABLISHED, NONE),     /* it has an answer that was not captured */
			NEVER(ACK_AHEAD), NEVER(ACK_BAD_ACK),
			KEEP(ACK_BAD_SEQ, SYN, NONE),                        /* of an older connection on the 4-tuple */
			NEVER(MOVED_ON), NEVER(CHALLENGE),
			GO(RST, ENDED, CLOSED, LISTEN, NONE),                /* the client gives up */
			KEEP(RST_BAD, SYN, NONE),
			NEVER(RST_NO_ACK),
			GO(RST_ECHO, SYN, SYN_SENT, LISTEN, NONE),           /* figure 8, line 5; figure 9, line 4 */
		},
		[TCPHS_SERVER] = {
			KEEP(DUPLICATE, SYN, FRAME_DUPLICATE),
			KEEP(NOISE, SYN, NONE),
			GO(SYN, CROSSED, SYN_RECEIVED, SYN_RECEIVED, NONE),  /* figure 7, line 3 */
			NEVER(SYN_AGAIN),
			GO(SYNACK, SYNACK, ESTABLISHED, SYN_RECEIVED, NONE), /* figure 6, line 3 */
			NEVER(SYNACK_AGAIN), NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK),
			GO(SYNACK_BAD_ACK, SYN, SYN_SENT, SYN_RECEIVED, SYNACK_BAD_ACK),  /* 3.10.7.3: answered by RST */
			KEEP(ACK, SYN, NONE),                                /* 3.10.7.3: acceptable, but without SYN it changes nothing */
			NEVER(ACK_AHEAD), NEVER(ACK_BAD_ACK), NEVER(ACK_BAD_SEQ),
			GO(MOVED_ON, OPEN, ESTABLISHED, ESTABLISHED, NONE),
			GO(CHALLENGE, SYN, SYN_SENT, ESTABLISHED, CHALLENGE_ACK),     /* figure 9, line 3 */
			GO(RST, ENDED, CLOSED, CLOSED, RST_REFUSED),         /* 3.10.7.3: connection refused */
			KEEP(RST_BAD, SYN, RST_BAD_ACK),                     /* 3.10.7.3: unacceptable, dropped */
			KEEP(RST_NO_ACK, SYN, RST_BAD_ACK),
			NEVER(RST_ECHO),
		},
	},
	[TCPHS_STAGE_CROSSED] = {
		[TCPHS_CLIENT] = {
			KEEP(DUPLICATE, CROSSED, FRAME_DUPLICATE),
			KEEP(NOISE, CROSSED, NONE),
			NEVER(SYN),
			KEEP(SYN_AGAIN, CROSSED, SYN_AGAIN),
			GO(SYNACK, CROSSED_CLIENT, SYN_RECEIVED, ESTABLISHED, NONE),  /* figure 7, lines 5 and 7 */
			NEVER(SYNACK_AGAIN), NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK),
			KEEP(SYNACK_BAD_ACK, CROSSED, SYNACK_BAD_ACK),
			GO(ACK, CROSSED_CLIENT, SYN_RECEIVED, ESTABLISHED, NONE),
			NEVER(ACK_AHEAD),
			KEEP(ACK_BAD_ACK, CROSSED, ACK_BAD_ACK),
			KEEP(ACK_BAD_SEQ, CROSSED, ACK_BAD_SEQ),
			NEVER(MOVED_ON), NEVER(CHALLENGE),
			GO(RST, ENDED, CLOSED, CLOSED, NONE),
			KEEP(RST_BAD, CROSSED, NONE),
			NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
		[TCPHS_SERVER] = {
			KEEP(DUPLICATE, CROSSED, FRAME_DUPLICATE),
			KEEP(NOISE, CROSSED, NONE),
			NEVER(SYN),
			KEEP(SYN_AGAIN, CROSSED, SYN_AGAIN),
			GO(SYNACK, CROSSED_SERVER, ESTABLISHED, SYN_RECEIVED, NONE),  /* figure 7, line 6 */
			NEVER(SYNACK_AGAIN), NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK),
			KEEP(SYNACK_BAD_ACK, CROSSED, SYNACK_BAD_ACK),
			GO(ACK, CROSSED_SERVER, ESTABLISHED, SYN_RECEIVED, NONE),
			NEVER(ACK_AHEAD),
			KEEP(ACK_BAD_ACK, CROSSED, ACK_BAD_ACK),
			KEEP(ACK_BAD_SEQ, CROSSED, ACK_BAD_SEQ),
			NEVER(MOVED_ON), NEVER(CHALLENGE),
			GO(RST, ENDED, CLOSED, CLOSED, NONE),
			KEEP(RST_BAD, CROSSED, NONE),
			NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
	},
	[TCPHS_STAGE_CROSSED_CLIENT] = {
		[TCPHS_CLIENT] = {
			KEEP(DUPLICATE, CROSSED_CLIENT, FRAME_DUPLICATE),
			KEEP(NOISE, CROSSED_CLIENT, NONE),
			NEVER(SYN),
			KEEP(SYN_AGAIN, CROSSED_CLIENT, SYN_AGAIN),
			KEEP(SYNACK, CROSSED_CLIENT, NONE),
			KEEP(SYNACK_AGAIN, CROSSED_CLIENT, SYNACK_AGAIN),
			NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK),
			KEEP(SYNACK_BAD_ACK, CROSSED_CLIENT, SYNACK_BAD_ACK),
			KEEP(ACK, CROSSED_CLIENT, NONE),
			NEVER(ACK_AHEAD),
			KEEP(ACK_BAD_ACK, CROSSED_CLIENT, ACK_BAD_ACK),
			KEEP(ACK_BAD_SEQ, CROSSED_CLIENT, ACK_BAD_SEQ),
			NEVER(MOVED_ON), NEVER(CHALLENGE),
			GO(RST, ENDED, CLOSED, CLOSED, NONE),
			KEEP(RST_BAD, CROSSED_CLIENT, NONE),
			NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
		[TCPHS_SERVER] = {
			KEEP(DUPLICATE, CROSSED_CLIENT, FRAME_DUPLICATE),
			KEEP(NOISE, CROSSED_CLIENT, NONE),
			NEVER(SYN),
			KEEP(SYN_AGAIN, CROSSED_CLIENT, SYN_AGAIN),
			GO(SYNACK, OPEN, ESTABLISHED, ESTABLISHED, NONE),
			NEVER(SYNACK_AGAIN), NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK),
			KEEP(SYNACK_BAD_ACK, CROSSED_CLIENT, SYNACK_BAD_ACK),
			GO(ACK, OPEN, ESTABLISHED, ESTABLISHED, NONE),
			NEVER(ACK_AHEAD),
			KEEP(ACK_BAD_ACK, CROSSED_CLIENT, ACK_BAD_ACK),
			KEEP(ACK_BAD_SEQ, CROSSED_CLIENT, ACK_BAD_SEQ),
			NEVER(MOVED_ON), NEVER(CHALLENGE),
			GO(RST, ENDED, CLOSED, CLOSED, NONE),
			KEEP(RST_BAD, CROSSED_CLIENT, NONE),
			NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
	},
	[TCPHS_STAGE_CROSSED_SERVER] = {
		[TCPHS_CLIENT] = {
			KEEP(DUPLICATE, CROSSED_SERVER, FRAME_DUPLICATE),
			KEEP(NOISE, CROSSED_SERVER, NONE),
			NEVER(SYN),
			KEEP(SYN_AGAIN, CROSSED_SERVER, SYN_AGAIN),
			GO(SYNACK, OPEN, ESTABLISHED, ESTABLISHED, NONE),
			NEVER(SYNACK_AGAIN), NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK),
			KEEP(SYNACK_BAD_ACK, CROSSED_SERVER, SYNACK_BAD_ACK),
			GO(ACK, OPEN, ESTABLISHED, ESTABLISHED, NONE),
			NEVER(ACK_AHEAD),
			KEEP(ACK_BAD_ACK, CROSSED_SERVER, ACK_BAD_ACK),
			KEEP(ACK_BAD_SEQ, CROSSED_SERVER, ACK_BAD_SEQ),
			NEVER(MOVED_ON), NEVER(CHALLENGE),
			GO(RST, ENDED, CLOSED, CLOSED, NONE),
			KEEP(RST_BAD, CROSSED_SERVER, NONE),
			NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
		[TCPHS_SERVER] = {
			KEEP(DUPLICATE, CROSSED_SERVER, FRAME_DUPLICATE),
			KEEP(NOISE, CROSSED_SERVER, NONE),
			NEVER(SYN),
			KEEP(SYN_AGAIN, CROSSED_SERVER, SYN_AGAIN),
			KEEP(SYNACK, CROSSED_SERVER, NONE),
			KEEP(SYNACK_AGAIN, CROSSED_SERVER, SYNACK_AGAIN),
			NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK),
			KEEP(SYNACK_BAD_ACK, CROSSED_SERVER, SYNACK_BAD_ACK),
			KEEP(ACK, CROSSED_SERVER, NONE),
			NEVER(ACK_AHEAD),
			KEEP(ACK_BAD_ACK, CROSSED_SERVER, ACK_BAD_ACK),
			KEEP(ACK_BAD_SEQ, CROSSED_SERVER, ACK_BAD_SEQ),
			NEVER(MOVED_ON), NEVER(CHALLENGE),
			GO(RST, ENDED, CLOSED, CLOSED, NONE),
			KEEP(RST_BAD, CROSSED_SERVER, NONE),
			NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
	},
	[TCPHS_STAGE_SYNACK] = {
		[TCPHS_CLIENT] = {
			KEEP(DUPLICATE, SYNACK, FRAME_DUPLICATE),
			KEEP(NOISE, SYNACK, NONE),
			KEEP(SYN, SYNACK, NONE),                             /* captured after the SYN-ACK that answers it */
			GO(SYN_AGAIN, SYNACK, SYN_SENT, SYN_RECEIVED, SYN_AGAIN),  /* only SYN-SENT sends SYN: the answer was lost */
			NEVER(SYNACK), NEVER(SYNACK_AGAIN), NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK),
			KEEP(SYNACK_BAD_ACK, SYNACK, SYNACK_FROM_CLIENT),
			GO(ACK, OPEN, ESTABLISHED, ESTABLISHED, NONE),       /* figure 6, line 4 */
			KEEP(ACK_AHEAD, SYNACK, NONE),                       /* held: perhaps not everything was captured */
			KEEP(ACK_BAD_ACK, SYNACK, ACK_BAD_ACK),              /* 3.10.7.4: answered by RST */
			KEEP(ACK_BAD_SEQ, SYNACK, ACK_BAD_SEQ),              /* 3.10.7.4: answered by an ACK */
			NEVER(MOVED_ON), NEVER(CHALLENGE),
			GO(RST, ENDED, CLOSED, LISTEN, ABORTED_AFTER_SYNACK), /* 3.10.7.4: a passive open listens again */
			KEEP(RST_BAD, SYNACK, NONE),
			NEVER(RST_NO_ACK),
			KEEP(RST_ECHO, SYNACK, NONE),                        /* it answers another, unacceptable SYN-ACK */
		},
		[TCPHS_SERVER] = {
			KEEP(DUPLICATE, SYNACK, FRAME_DUPLICATE),
			KEEP(NOISE, SYNACK, NONE),
			KEEP(SYN, SYNACK, SYN_FROM_SERVER),                  /* no simultaneous open: it has answered */
			NEVER(SYN_AGAIN), NEVER(SYNACK),
			GO(SYNACK_AGAIN, SYNACK, ESTABLISHED, SYN_RECEIVED, SYNACK_AGAIN),
			GO(SYNACK_NEW_ISN, SYNACK, ESTABLISHED, SYN_RECEIVED, SYNACK_NEW_ISN),
			GO(SYNACK_NEW_ACK, SYNACK, ESTABLISHED, SYN_RECEIVED, SYNACK_NEW_ACK),
			KEEP(SYNACK_BAD_ACK, SYNACK, SYNACK_BAD_ACK),
			GO(ACK, OPEN, ESTABLISHED, ESTABLISHED, NONE),       /* it has the ACK, which was not captured */
			NEVER(ACK_AHEAD), NEVER(ACK_BAD_ACK), NEVER(ACK_BAD_SEQ), NEVER(MOVED_ON),
			KEEP(CHALLENGE, SYNACK, CHALLENGE_ACK),
			GO(RST, ENDED, CLOSED, CLOSED, NONE),                /* the server gives up */
			KEEP(RST_BAD, SYNACK, NONE),
			NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
	},
	[TCPHS_STAGE_UNSEEN] = {
		[TCPHS_CLIENT] = {
			KEEP(DUPLICATE, UNSEEN, FRAME_DUPLICATE),
			KEEP(NOISE, UNSEEN, NONE),
			NEVER(SYN),
			KEEP(SYN_AGAIN, UNSEEN, SYN_AGAIN),
			NEVER(SYNACK), NEVER(SYNACK_AGAIN), NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK),
			KEEP(SYNACK_BAD_ACK, UNSEEN, NONE),
			KEEP(ACK, UNSEEN, NONE),
			NEVER(ACK_AHEAD), NEVER(ACK_BAD_ACK), NEVER(ACK_BAD_SEQ), NEVER(MOVED_ON), NEVER(CHALLENGE),
			KEEP(RST, UNSEEN, NONE),                               /* the closing table has it */
			NEVER(RST_BAD), NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
		[TCPHS_SERVER] = {
			KEEP(DUPLICATE, UNSEEN, FRAME_DUPLICATE),
			KEEP(NOISE, UNSEEN, NONE),
			NEVER(SYN), NEVER(SYN_AGAIN),
			KEEP(SYNACK, OPEN, NONE),                            /* captured after the ACK that answers it */
			NEVER(SYNACK_AGAIN),
			GO(SYNACK_NEW_ISN, SYNACK, ESTABLISHED, SYN_RECEIVED, NONE),  /* the ACK was for something else */
			NEVER(SYNACK_NEW_ACK),
			KEEP(SYNACK_BAD_ACK, UNSEEN, SYNACK_BAD_ACK),
			KEEP(ACK, OPEN, NONE),                               /* the SYN-ACK was not captured */
			NEVER(ACK_AHEAD), NEVER(ACK_BAD_ACK), NEVER(ACK_BAD_SEQ), NEVER(MOVED_ON),
			KEEP(CHALLENGE, UNSEEN, CHALLENGE_ACK),
			KEEP(RST, UNSEEN, NONE),                               /* the closing table has it */
			KEEP(RST_BAD, UNSEEN, NONE),
			NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
	},
	[TCPHS_STAGE_MIDSTREAM] = {
		[TCPHS_CLIENT] = {
			KEEP(DUPLICATE, MIDSTREAM, FRAME_DUPLICATE),
			KEEP(NOISE, MIDSTREAM, NONE),
			KEEP(SYN, UNSEEN, NONE),                             /* captured after what follows it */
			NEVER(SYN_AGAIN), NEVER(SYNACK), NEVER(SYNACK_AGAIN), NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK),
			NEVER(SYNACK_BAD_ACK),
			KEEP(ACK, MIDSTREAM, NONE),
			NEVER(ACK_AHEAD), NEVER(ACK_BAD_ACK), NEVER(ACK_BAD_SEQ), NEVER(MOVED_ON), NEVER(CHALLENGE),
			KEEP(RST, MIDSTREAM, NONE),                               /* the closing table has it */
			NEVER(RST_BAD), NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
		[TCPHS_SERVER] = {
			KEEP(DUPLICATE, MIDSTREAM, FRAME_DUPLICATE),
			KEEP(NOISE, MIDSTREAM, NONE),
			NEVER(SYN), NEVER(SYN_AGAIN),
			KEEP(SYNACK, OPEN, SYNACK_WITHOUT_SYN),              /* captured after what follows it */
			NEVER(SYNACK_AGAIN), NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK), NEVER(SYNACK_BAD_ACK),
			KEEP(ACK, MIDSTREAM, NONE),
			NEVER(ACK_AHEAD), NEVER(ACK_BAD_ACK), NEVER(ACK_BAD_SEQ), NEVER(MOVED_ON), NEVER(CHALLENGE),
			KEEP(RST, MIDSTREAM, NONE),                               /* the closing table has it */
			NEVER(RST_BAD), NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
	},
	[TCPHS_STAGE_OPEN] = {
		[TCPHS_CLIENT] = {
			KEEP(DUPLICATE, OPEN, FRAME_DUPLICATE),
			KEEP(NOISE, OPEN, NONE),
			KEEP(SYN, OPEN, NONE),                               /* captured late */
			KEEP(SYN_AGAIN, OPEN, SYN_AGAIN),
			NEVER(SYNACK),
			KEEP(SYNACK_AGAIN, OPEN, SYNACK_AGAIN),              /* of a simultaneous open */
			NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK),
			KEEP(SYNACK_BAD_ACK, OPEN, SYNACK_ON_ESTABLISHED),
			KEEP(ACK, OPEN, NONE),
			NEVER(ACK_AHEAD), NEVER(ACK_BAD_ACK), NEVER(ACK_BAD_SEQ), NEVER(MOVED_ON), NEVER(CHALLENGE),
			KEEP(RST, OPEN, NONE),                               /* the closing table has it */
			KEEP(RST_BAD, OPEN, NONE),                           /* RFC 5961 3.2: outside the window, dropped */
			NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
		[TCPHS_SERVER] = {
			KEEP(DUPLICATE, OPEN, FRAME_DUPLICATE),
			KEEP(NOISE, OPEN, NONE),
			NEVER(SYN),
			KEEP(SYN_AGAIN, OPEN, SYN_AGAIN),                    /* of a simultaneous open */
			KEEP(SYNACK, OPEN, NONE),                            /* captured late */
			KEEP(SYNACK_AGAIN, OPEN, SYNACK_AGAIN),              /* the ACK was lost beyond, or is not used yet */
			KEEP(SYNACK_NEW_ISN, OPEN, SYNACK_NEW_ISN),
			KEEP(SYNACK_NEW_ACK, OPEN, SYNACK_NEW_ACK),
			KEEP(SYNACK_BAD_ACK, OPEN, SYNACK_ON_ESTABLISHED),
			KEEP(ACK, OPEN, NONE),
			NEVER(ACK_AHEAD), NEVER(ACK_BAD_ACK), NEVER(ACK_BAD_SEQ), NEVER(MOVED_ON), NEVER(CHALLENGE),
			KEEP(RST, OPEN, NONE),                               /* the closing table has it */
			KEEP(RST_BAD, OPEN, NONE),                           /* RFC 5961 3.2: outside the window, dropped */
			NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
	},
	[TCPHS_STAGE_ENDED] = {
		[TCPHS_CLIENT] = {
			KEEP(DUPLICATE, ENDED, FRAME_DUPLICATE),
			KEEP(NOISE, ENDED, NONE),
			GO(SYN, SYN, SYN_SENT, SYN_RECEIVED, NONE),
			GO(SYN_AGAIN, SYN, SYN_SENT, SYN_RECEIVED, SYN_AGAIN),  /* the same attempt goes on */
			NEVER(SYNACK), NEVER(SYNACK_AGAIN), NEVER(SYNACK_NEW_ISN), NEVER(SYNACK_NEW_ACK),
			KEEP(SYNACK_BAD_ACK, ENDED, SYNACK_FROM_CLIENT),
			GO(ACK, OPEN, ESTABLISHED, ESTABLISHED, NONE),       /* the RST was not taken */
			NEVER(ACK_AHEAD), NEVER(ACK_BAD_ACK), NEVER(ACK_BAD_SEQ), NEVER(MOVED_ON), NEVER(CHALLENGE),
			KEEP(RST, ENDED, NONE),
			NEVER(RST_BAD), NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
		[TCPHS_SERVER] = {
			KEEP(DUPLICATE, ENDED, FRAME_DUPLICATE),
			KEEP(NOISE, ENDED, NONE),
			NEVER(SYN), NEVER(SYN_AGAIN),
			KEEP(SYNACK, ENDED, NONE),
			KEEP(SYNACK_AGAIN, ENDED, SYNACK_AGAIN),
			KEEP(SYNACK_NEW_ISN, ENDED, SYNACK_NEW_ISN),
			KEEP(SYNACK_NEW_ACK, ENDED, SYNACK_NEW_ACK),
			KEEP(SYNACK_BAD_ACK, ENDED, SYNACK_BAD_ACK),
			NEVER(ACK), NEVER(ACK_AHEAD), NEVER(ACK_BAD_ACK), NEVER(ACK_BAD_SEQ), NEVER(MOVED_ON), NEVER(CHALLENGE),
			KEEP(RST, ENDED, NONE),
			NEVER(RST_BAD), NEVER(RST_NO_ACK), NEVER(RST_ECHO),
		},
	},
};

/* An endpoint after its handshake; NONE is "cannot happen". A FIN and its acknowledgment are told once. */
static const uint8_t closing[TCPHS_STATES][TCPHS_CLOSE_EVENTS] = {
	[TCPHS_ESTABLISHED] = { [TCPHS_CLOSE_OWN_FIN] = TCPHS_FIN_WAIT_1,      /* figure 12, line 2 */
	                        [TCPHS_CLOSE_PEER_FIN] = TCPHS_CLOSE_WAIT,
	                        [TCPHS_CLOSE_RST] = TCPHS_CLOSED },
	[TCPHS_FIN_WAIT_1]  = { [TCPHS_CLOSE_PEER_FIN] = TCPHS_CLOSING,        /* figure 13, line 3 */
	                        [TCPHS_CLOSE_FIN_ACKED] = TCPHS_FIN_WAIT_2,    /* figure 12, line 3 */
	                        [TCPHS_CLOSE_RST] = TCPHS_CLOSED },
	[TCPHS_FIN_WAIT_2]  = { [TCPHS_CLOSE_PEER_FIN] = TCPHS_TIME_WAIT,      /* figure 12, line 4 */
	                        [TCPHS_CLOSE_RST] = TCPHS_CLOSED },
	[TCPHS_CLOSE_WAIT]  = { [TCPHS_CLOSE_OWN_FIN] = TCPHS_LAST_ACK,        /* figure 12, line 4 */
	                        [TCPHS_CLOSE_OWN_FIN_CROSSING] = TCPHS_CLOSING, /* it was in FIN-WAIT-1 all the time */
	                        [TCPHS_CLOSE_RST] = TCPHS_CLOSED },
	[TCPHS_CLOSING]     = { [TCPHS_CLOSE_FIN_ACKED] = TCPHS_TIME_WAIT,     /* figure 13, line 4 */
	                        [TCPHS_CLOSE_RST] = TCPHS_CLOSED },
	[TCPHS_LAST_ACK]    = { [TCPHS_CLOSE_FIN_ACKED] = TCPHS_CLOSED,        /* figure 12, line 5 */
	                        [TCPHS_CLOSE_RST] = TCPHS_CLOSED },
	[TCPHS_TIME_WAIT]   = { [TCPHS_CLOSE_RST] = TCPHS_CLOSED },
	[TCPHS_CLOSED]      = { [TCPHS_CLOSE_RST] = TCPHS_CLOSED,
	                        [TCPHS_CLOSE_GO_ON] = TCPHS_ESTABLISHED },     /* RFC 5961 3.2: the RST did not fit */
};

const struct tcphs_cell *tcphs_transition(enum tcphs_stage stage, enum tcphs_role role, enum tcphs_event event)
{
	return &opening[stage][role][event];
}

enum tcphs_state tcphs_closing(enum tcphs_state state, enum tcphs_close_event event)
{
	return (enum tcphs_state)closing[state][event];
}

const char *tcphs_stage_word(enum tcphs_stage stage)
{
	static const char *const words[TCPHS_STAGES] = {
		"none", "new", "probe", "syn", "crossed", "crossed_client", "crossed_server", "synack", "unseen", "midstream",
		"open", "ended",
	};

	return words[stage];
}

const char *tcphs_event_word(enum tcphs_event event)
{
	static const char *const words[] = {
		"duplicate", "noise", "syn", "syn_again", "synack", "synack_again", "synack_new_isn", "synack_new_ack",
		"synack_bad_ack", "ack", "ack_ahead", "ack_bad_ack", "ack_bad_seq", "moved_on", "challenge", "rst", "rst_bad",
		"rst_no_ack", "rst_echo", "another", "unreadable",
	};

	return words[event];
}

const char *tcphs_close_event_word(enum tcphs_close_event event)
{
	static const char *const words[TCPHS_CLOSE_EVENTS] = {
		"own_fin", "own_fin_crossing", "peer_fin", "fin_acked", "rst", "go_on",
	};

	return words[event];
}
