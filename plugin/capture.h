/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture.h - what is kept of the capture that is open: the engine's tracker, and a mark for every TCP header.
 */
#ifndef TCPHS_PLUGIN_CAPTURE_H
#define TCPHS_PLUGIN_CAPTURE_H

#include "compat.h"

#include "tcphs.h"

/** struct tcphs_icmp_error: what an ICMP error says outside of its quote. The sender is IPv4 mapped. */
struct tcphs_icmp_error {
	uint8_t type, code;
	bool v6;
	uint8_t sender[16];
};

/** struct tcphs_layer: one TCP header of the frame that is being dissected; gone when its dissection is. */
struct tcphs_layer {
	struct tcphs_layer *next;
	struct tcphs_segment segment;
	uint32_t index;     /* of its mark */
	bool quote;         /* quoted by an ICMP error, not sent in this frame */
	bool visited;       /* the frame was dissected before; a listener can't ask pinfo, which always says so then */
	address src, dst;   /* as IP gave them; not copied, the frame's buffers outlive us */
	struct tcphs_icmp_error error;  /* that quotes it, if one does */
};

/** struct tcphs_dissection: one dissection of one frame; layers beyond the first live in the frame's memory pool. */
struct tcphs_dissection {
	const packet_info *pinfo;  /* of the frame under way, NULL between frames */
	guint32 number;
	bool fresh;                /* the first time that this record is dissected: its segments go to the engine */
	tcphs_time time;           /* then, when it was captured */
	uint32_t next;             /* mark of the next TCP header, where not fresh */
	struct tcphs_layer *layers, **end;
	struct tcphs_layer first;  /* most frames have one layer */
};

/** tcphs_capture_init(), tcphs_capture_cleanup(): Wireshark begins, or forgets, a capture. Any order, any number. */
void tcphs_capture_init(void);
void tcphs_capture_cleanup(void);

/**
 * tcphs_capture_enter(): this dissection's record; a new one at the first TCP header of the frame.
 *
 * @return NULL if memory ran out and all annotating has stopped, or the frame was never seen in its turn.
 */
struct tcphs_dissection *tcphs_capture_enter(packet_info *pinfo);

/**
 * tcphs_capture_leave(): the frame, with or without TCP headers, has been dissected: its time counts, and its number.
 *
 * @return the layers that were met, NULL if none.
 */
const struct tcphs_layer *tcphs_capture_leave(packet_info *pinfo);

/**
 * tcphs_capture_segment(), tcphs_capture_quote(): the next TCP header of the frame. On the first visit it goes to the
 * engine with time and ref, later its mark is found again.
 *
 * @return whether there is a mark, then layer->index is set.
 */
bool tcphs_capture_segment(packet_info *pinfo, struct tcphs_dissection *dissection, struct tcphs_layer *layer,
                           const struct tcphs_key *key);
bool tcphs_capture_quote(packet_info *pinfo, struct tcphs_dissection *dissection, struct tcphs_layer *layer,
                         struct tcphs_quote *quote);

/** tcphs_capture_marks(): how many marks there are. */
uint32_t tcphs_capture_marks(void);

/** tcphs_capture_mark(): the mark at |index|, valid until the next segment. */
const struct tcphs_mark *tcphs_capture_mark(uint32_t index);

/** tcphs_capture_summary(): what is known of a connection now. */
void tcphs_capture_summary(uint32_t connection, struct tcphs_summary *summary);

/** tcphs_capture_certain(): of the same only what tcphs_tracker_certain() sets. */
void tcphs_capture_certain(uint32_t connection, struct tcphs_summary *summary);

/** tcphs_capture_frame_of(): number of the frame in which segment |ref| was, 0 if it was none or was filtered away. */
guint32 tcphs_capture_frame_of(tcphs_ref ref);

/** tcphs_capture_connection_of(): the connection of the last TCP header in a frame; false if it has none. */
bool tcphs_capture_connection_of(guint32 frame, uint32_t *connection);

/** tcphs_capture_ref(): the engine's name for the segment whose mark is at |index|. */
static inline tcphs_ref tcphs_capture_ref(uint32_t index)
{
	return index + 1;
}

#endif
