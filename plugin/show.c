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

/** look_up(): what is known of the layer's connection. */
static void look_up(struct view *view)
{
	const struct tcphs_judgement *judgement = &view->summary.judgement;

	tcphs_capture_summary(view->mark->connection, &view->summary);
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

	return rule && finding->at == tcphs_capture_ref(view->layer->index) &&
	       (view->settled || rule->scope == TCPHS_SCOPE_SEGMENT);
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
static void raise_level(const struct view *view)
{
	const struct tcphs_finding *worst = view_worst_finding(view);

	if (worst && severity_of(tcphs_rule_info((enum tcphs_rule)worst->rule)) > expert_get_highest_severity())
		tree_finding(view, NULL, worst);
}

/* ---- who wants to see it ------------------------------------------------------------------------ */

/** remarkable(): a segment that has a part in the handshake or is out of order, as opposed to the ordinary rest. */
static bool remarkable(const struct tcphs_mark *mark)
{
	return mark->step || mark->phase == TCPHS_PHASE_SYN_AGAIN || mark->phase == TCPHS_PHASE_SYNACK_AGAIN ||
	       mark->phase == TCPHS_PHASE_RST || mark->phase == TCPHS_PHASE_OUT_OF_PLACE;
}

/** was_open(): both endpoints had been ESTABLISHED before this segment came. */
static bool was_open(const struct tcphs_mark *mark)
{
	return mark->before[0] >= TCPHS_ESTABLISHED && mark->before[1] >= TCPHS_ESTABLISHED;
}

/** info_wanted(): an Info column is being written, and this is a segment of a handshake, which may get a mark there. */
static bool info_wanted(const packet_info *pinfo, const struct tcphs_layer *layer, const struct tcphs_mark *mark)
{
	return tcphs_preferences.info_marks && !layer->quote && remarkable(mark) &&
	       (layer->segment.flags & TCPHS_SYN || !was_open(mark)) && compat_has_column(pinfo, COL_INFO);
}

/** tree_wanted(): there is a tree in which something of ours will be looked at. */
static bool tree_wanted(proto_tree *tree)
{
	return proto_field_is_referenced(tree, tcphs_proto) || proto_field_is_referenced(tree, proto_expert);
}

/** expert_wanted(): somebody collects expert infos, tree or not. */
static bool expert_wanted(const packet_info *pinfo)
{
	static int tap;

	/* Wireshark registers the tap with the first capture, which is after our handoff. */
	if (tap == 0)
		tap = find_tap_id("expert");
	return have_tap_listener(tap) || compat_has_column(pinfo, COL_EXPERT);
}

/** show(): one layer; its mark for the Info column goes into *marks, which is made when there is one. */
static bool show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const struct tcphs_layer *layer,
                 wmem_strbuf_t **marks)
{
	bool expert = expert_wanted(pinfo);
	struct view view;   /* large, so not cleared for every segment that nobody looks at */
	bool info, level;

	view.mark = tcphs_capture_mark(layer->index);
	if (view.mark->connection == TCPHS_NO_CONNECTION)
		return false;
	if (!tree_wanted(tree))
		tree = NULL;
	info = info_wanted(pinfo, layer, view.mark);
	level = remarkable(view.mark) && expert_get_highest_severity() < PI_ERROR;
	if (!tree && !expert && !info && !level)
		return !layer->quote;
	view.tvb = tvb;
	view.pinfo = pinfo;
	view.layer = layer;
	look_up(&view);
	if (info && !*marks)
		*marks = wmem_strbuf_new(pinfo->pool, "");
	if (info)
		sentence_mark_info(&view, *marks);
	if (layer->quote)
		tree_quote(&view, tree);
	else if (tree)
		tree_layer(&view, tree);
	else if (expert)
		tree_findings(&view, NULL);
	else if (level)
		raise_level(&view);
	return !layer->quote;
}

bool tcphs_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const struct tcphs_layer *layers)
{
	wmem_strbuf_t *marks = NULL;
	bool shown = false;

	for (const struct tcphs_layer *layer = layers; layer; layer = layer->next)
		shown |= show(tvb, pinfo, tree, layer, &marks);
	/* In front, where TCP puts its own [TCP Retransmission]: the column is often too narrow for its end. */
	if (marks && wmem_strbuf_get_len(marks) > 0)
		col_prepend_fstr(pinfo->cinfo, COL_INFO, "%s", wmem_strbuf_get_str(marks));
	return shown;
}
