/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * view.h - one TCP layer that is being shown: what show.c looks up, and tree.c, offers.c and sentence.c put into words.
 */
#ifndef TCPHS_PLUGIN_VIEW_H
#define TCPHS_PLUGIN_VIEW_H

#include "capture.h"
#include "fields.h"
#include "line.h"

/**
 * struct view: a layer, its mark and what is known of its connection now.
 *
 * In a single pass a later frame can still change what is known of the connection; the three booleans say what cannot
 * change any more. All are true once the frame is visited again.
 */
struct view {
	tvbuff_t *tvb;
	packet_info *pinfo;
	const struct tcphs_layer *layer;
	const struct tcphs_mark *mark;
	bool alone;          /* the frame's only layer */
	struct tcphs_summary summary;
	unsigned int step;   /* 1, 2, 3, or 0 */
	bool settled;        /* verdict, reason, blame, findings of scope CONNECTION */
	bool roles;          /* who is the client */
	bool opening;        /* the steps that were captured so far, ISNs, round-trip times, what was agreed */
};

/** view_finding_shows(): the finding is about this segment, and no later frame can take it back. */
bool view_finding_shows(const struct view *view, const struct tcphs_finding *finding);

/** view_worst_finding(): the gravest that shows, the first of equals; NULL without any. */
const struct tcphs_finding *view_worst_finding(const struct view *view);

/** view_of_handshake(): the segment has a part in opening the connection. */
bool view_of_handshake(const struct view *view);

/** view_state(): the state of the client or the server after this segment, or before it. */
enum tcphs_state view_state(const struct view *view, enum tcphs_role role, bool before);

/** view_seq_delta(), view_ack_delta(): actual minus expected, modulo 2^32; right only if mark->terms has the term. */
static inline int32_t view_seq_delta(const struct view *view)
{
	return (int32_t)(view->layer->segment.seq - view->mark->seq_expected);
}

static inline int32_t view_ack_delta(const struct view *view)
{
	return (int32_t)(view->layer->segment.ack - view->mark->ack_expected);
}

/* ---- sentence.c: words -------------------------------------------------------------------------- */

/** sentence_headline(): "step 2 of 3, the server's SYN-ACK acknowledges 4322 = 4321 + 1, complete" behind |line|. */
void sentence_headline(const struct view *view, struct line *line);

/** sentence_quote(): "ICMP error, host unreachable, says 192.0.2.254 of the SYN"; to be asked if a finding shows. */
const char *sentence_quote(const struct view *view);

/** sentence_next(): what became of step 1 or 2: "answered in frame 2 after 30.5 ms", "never answered"; or NULL. */
const char *sentence_next(const struct view *view, unsigned int step);

/** sentence_mark_info(): "[2/3] ", "[SYN again, 3rd] " and the like for the Info column, a space behind each. */
void sentence_mark_info(const struct view *view, struct line *marks);

/* ---- tree.c, offers.c: items -------------------------------------------------------------------- */

/** tree_layer(): the whole section of a segment, in the tree of its frame. */
void tree_layer(const struct view *view, proto_tree *frame);

/** tree_quote(): what was found about a header that an ICMP error quotes, if anything; |tree| may be NULL. */
void tree_quote(const struct view *view, proto_tree *tree);

/** tree_findings(): findings and their expert infos; |tree| may be NULL. tree_finding() is one of them. */
void tree_findings(const struct view *view, proto_tree *tree);
void tree_finding(const struct view *view, proto_tree *tree, const struct tcphs_finding *finding);

/** tree_add_...(): one generated item. */
proto_item *tree_add_uint(const struct view *view, proto_tree *tree, enum tcphs_field field, uint32_t value);
proto_item *tree_add_string(const struct view *view, proto_tree *tree, enum tcphs_field field, const char *value);
proto_item *tree_add_boolean(const struct view *view, proto_tree *tree, enum tcphs_field field, bool value);

/** tree_add_branch(): a generated subtree with a label of its own. */
proto_tree *tree_add_branch(const struct view *view, proto_tree *tree, enum tcphs_subtree subtree, const char *label);

/** offers_show(): what this SYN or SYN-ACK offers; offers_show_agreed(): what both sides agreed on. */
void offers_show(const struct view *view, proto_tree *tree);
void offers_show_agreed(const struct view *view, proto_tree *tree);

#endif
