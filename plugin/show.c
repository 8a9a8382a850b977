/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show.c - one TCP layer: what is known of it, and who wants to see it.
 *
 * Theory of operation. A segment's mark says what the segment was when it passed; the summary of its connection says
 * what is known now. Now is the end of the capture once Wireshark has read all of it, that is, whenever a frame is
 * visited again (tshark -2, every click in the GUI). In a single pass, now is this frame: then nothing is shown that a
 * later frame could take back. The engine says what is certain (see struct view): the verdict seldom before the
 * connection closes, the steps and all that was measured of them as soon as both endpoints are ESTABLISHED, and who is
 * the client from the first SYN on. What can still change when the verdict cannot (how the connection was closed, how
 * often a SYN was sent) needs the visited frame.
 *
 * Nothing is worked out unless somebody looks: a tree in which our protocol or an expert info is wanted, a listener of
 * expert infos, or a column. One look is always taken: the light in the corner of the window shows the gravest expert
 * info of the capture, so one that is graver than any before is raised even if nobody listens.
 */
#include "plugin.h"

#include "view.h"

/* ---- what is known ------------------------------------------------------------------------------ */

enum tcphs_state view_state(const struct view *view, enum tcphs_role role, bool before)
{
	unsigned int client = view->summary.judgement.client;
	unsigned int side = role == TCPHS_CLIENT ? client : !client;

	return (enum tcphs_state)(before ? view->mark->before[side] : view->mark->state[side]);
}

/** step_of(): as judged; a first SYN stays step 1 whatever follows, the others need the opening to be over. */
static unsigned int step_of(const struct view *view)
{
	if (!view->opening)
		return view->mark->step == 1 && view->roles ? 1 : 0;
	for (unsigned int i = 0; i < 3; i++) {
		if (view->summary.judgement.steps[i] == tcphs_capture_ref(view->layer->index))
			return i + 1;
	}
	return 0;
}

/** look_up(): what is known of the layer's connection; unless |all| is wanted, what is certain of the judgement. */
static void look_up(struct view *view, bool all)
{
	const struct tcphs_judgement *judgement = &view->summary.judgement;

	if (all)
		tcphs_capture_summary(view->mark->connection, &view->summary);
	else
		tcphs_capture_certain(view->mark->connection, &view->summary);
	view->settled = view->pinfo->fd->visited || judgement->certain;
	view->roles = view->settled || judgement->client_certain;
	view->opening = view->settled || judgement->opening_certain;
	view->step = step_of(view);
}

bool view_of_handshake(const struct view *view)
{
	return view->step || view->layer->segment.flags & TCPHS_SYN || view->mark->phase == TCPHS_PHASE_ACK;
}

/** severity_of(): a rule's severity as expert infos have it. */
static int severity_of(const struct tcphs_rule_info *rule)
{
	static const int levels[] = {
		[TCPHS_CHAT] = PI_CHAT, [TCPHS_NOTE] = PI_NOTE, [TCPHS_WARN] = PI_WARN, [TCPHS_ERROR] = PI_ERROR,
	};

	return levels[rule->severity];
}

bool view_finding_shows(const struct view *view, const struct tcphs_finding *finding)
{
	const struct tcphs_rule_info *rule = tcphs_rule_info((enum tcphs_rule)finding->rule);

	if (!rule || finding->at != tcphs_capture_ref(view->layer->index))
		return false;
	/* With the verdict, nearly all that is found of the whole is certain. */
	return rule->scope == TCPHS_SCOPE_SEGMENT ||
	       (view->settled && (view->pinfo->fd->visited || tcphs_rule_lasts((enum tcphs_rule)finding->rule)));
}

const struct tcphs_finding *view_worst_finding(const struct view *view)
{
	const struct tcphs_finding *worst = NULL;
	enum tcphs_severity severity = TCPHS_CHAT;

	for (size_t i = 0; i < view->summary.finding_count; i++) {
		const struct tcphs_finding *finding = &view->summary.findings[i];
		const struct tcphs_rule_info *rule = tcphs_rule_info((enum tcphs_rule)finding->rule);

		if (!view_finding_shows(view, finding) || (worst && rule->severity <= severity))
			continue;
		worst = finding;
		severity = rule->severity;
	}
	return worst;
}

/** raise_level(): see the last sentence at the top of this file. */
static void raise_level(struct view *view)
{
	const struct tcphs_finding *worst = view_worst_finding(view);

	if (!worst || severity_of(tcphs_rule_info((enum tcphs_rule)worst->rule)) <= expert_get_highest_severity())
		return;
	look_up(view, true);   /* its sentence may be about anything */
	tree_finding(view, NULL, view_worst_finding(view));
}

/* ---- who wants to see it ------------------------------------------------------------------------ */

/** remarkable(): a segment that has a part in the handshake or is out of order, as opposed to the ordinary rest. */
static bool remarkable(const struct tcphs_mark *mark)
{
	const unsigned int phases = 1U << TCPHS_PHASE_SYN_AGAIN | 1U << TCPHS_PHASE_SYNACK_AGAIN |
	                            1U << TCPHS_PHASE_RST | 1U << TCPHS_PHASE_OUT_OF_PLACE;

	return mark->step || phases >> mark->phase & 1;
}

/** was_open(): both endpoints had been ESTABLISHED before this segment came. */
static bool was_open(const struct tcphs_mark *mark)
{
	return mark->before[0] >= TCPHS_ESTABLISHED && mark->before[1] >= TCPHS_ESTABLISHED;
}

/** opens(): a segment of a handshake, which may get a mark in the Info column. */
static bool opens(const struct tcphs_layer *layer, const struct tcphs_mark *mark)
{
	return !layer->quote && (layer->segment.flags & TCPHS_SYN || !was_open(mark));
}

/** struct wanted: what somebody looks at in this frame. */
struct wanted {
	proto_tree *tree;   /* with something of ours in it, else NULL */
	bool expert;        /* expert infos, tree or not */
	bool info;          /* the Info column */
};

/** expert_wanted(): somebody collects expert infos. */
static bool expert_wanted(const packet_info *pinfo)
{
	static int tap;

	/* Wireshark registers the tap with the first capture, which is after our handoff. */
	if (tap == 0)
		tap = find_tap_id("expert");
	return have_tap_listener(tap) || compat_has_column(pinfo, COL_EXPERT);
}

/** any_remarkable(): one of the layers is. */
static bool any_remarkable(const struct tcphs_layer *layers)
{
	while (layers && !remarkable(tcphs_capture_mark(layers->index)))
		layers = layers->next;
	return layers;
}

/**
 * show(): one layer, |alone| or not; its marks for the Info column go into *marks.
 *
 * @return whether it has a section in the tree.
 */
static bool show(tvbuff_t *tvb, packet_info *pinfo, const struct tcphs_layer *layer, bool alone,
                 const struct wanted *wanted, struct line *marks)
{
	const struct tcphs_mark *mark = tcphs_capture_mark(layer->index);
	struct view view;   /* large, so not cleared */

	if (mark->connection == TCPHS_NO_CONNECTION || !(wanted->tree || wanted->expert || remarkable(mark)))
		return false;
	view.tvb = tvb;
	view.pinfo = pinfo;
	view.layer = layer;
	view.alone = alone;
	view.mark = mark;
	/* In a single pass the marks of the Info column say no more than what is certain. */
	look_up(&view, wanted->tree || wanted->expert || layer->quote || pinfo->fd->visited);
	if (wanted->info && remarkable(mark) && opens(layer, mark))
		sentence_mark_info(&view, marks);
	if (layer->quote)
		tree_quote(&view, wanted->tree);
	else if (wanted->tree)
		tree_layer(&view, wanted->tree);
	else if (wanted->expert)
		tree_findings(&view, NULL);
	else
		raise_level(&view);
	return wanted->tree && !layer->quote;
}

/**
 * show_frame(): all layers, for some of which somebody may look; |tree| is NULL if not there.
 *
 * In a function of its own, because the room for the marks is large.
 */
G_GNUC_NO_INLINE
static bool show_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool expert,
                       const struct tcphs_layer *layers)
{
	const struct wanted wanted = {
		.tree = tree,
		.expert = expert,
		.info = tcphs_preferences.info_marks && compat_has_column(pinfo, COL_INFO),
	};
	char text[COL_MAX_INFO_LEN];
	struct line marks = line_over(text, sizeof(text));
	bool shown = false;

	if (!tree && !expert && !wanted.info && expert_get_highest_severity() >= PI_ERROR)
		return false;
	/* Expert infos are listed under it. Whoever called the post-dissector puts back what was there. */
	pinfo->current_proto = proto_get_protocol_short_name(find_protocol_by_id(tcphs_proto));
	for (const struct tcphs_layer *layer = layers; layer; layer = layer->next)
		shown |= show(tvb, pinfo, layer, !layers->next, &wanted, &marks);
	/* In front, where TCP puts its own [TCP Retransmission]: the column is often too narrow for its end. */
	if (marks.length > 0)
		compat_prepend_info(pinfo, marks.text, marks.length);
	return shown;
}

bool tcphs_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const struct tcphs_layer *layers)
{
	bool ours = tree && (proto_field_is_referenced(tree, tcphs_proto) ||
	                     proto_field_is_referenced(tree, proto_expert));
	bool expert = expert_wanted(pinfo);

	return (ours || expert || any_remarkable(layers)) &&
	       show_frame(tvb, pinfo, ours ? tree : NULL, expert, layers);
}
