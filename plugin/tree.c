/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.c - the section "TCP Handshake" of a segment in the packet details.
 *
 * Theory of operation. The section reads from the top: a headline; the three steps with links to their frames and what
 * came of each; the arithmetic of this segment; both states; what was offered and agreed; the verdict; the findings.
 * A line that does not apply is not there. Everything is generated, as nothing of it is in the packet; what a line
 * already says in words (a number that is as expected, the difference of two numbers in the same line) is hidden, so
 * that a filter finds it and the eye does not.
 *
 * Whoever only filters gets items without labels: the sentences are made only if somebody will read them.
 */
#include "view.h"

/* ---- items -------------------------------------------------------------------------------------- */

proto_item *tree_add_uint(const struct view *view, proto_tree *tree, enum tcphs_field field, uint32_t value)
{
	proto_item *item = proto_tree_add_uint(tree, tcphs_hf[field], view->tvb, 0, 0, value);

	proto_item_set_generated(item);
	return item;
}

static proto_item *add_int(const struct view *view, proto_tree *tree, enum tcphs_field field, int32_t value)
{
	proto_item *item = proto_tree_add_int(tree, tcphs_hf[field], view->tvb, 0, 0, value);

	proto_item_set_generated(item);
	return item;
}

proto_item *tree_add_boolean(const struct view *view, proto_tree *tree, enum tcphs_field field, bool value)
{
	proto_item *item = proto_tree_add_boolean(tree, tcphs_hf[field], view->tvb, 0, 0, value);

	proto_item_set_generated(item);
	return item;
}

proto_item *tree_add_string(const struct view *view, proto_tree *tree, enum tcphs_field field, const char *value)
{
	proto_item *item = proto_tree_add_string(tree, tcphs_hf[field], view->tvb, 0, 0, value);

	proto_item_set_generated(item);
	return item;
}

proto_tree *tree_add_branch(const struct view *view, proto_tree *tree, enum tcphs_subtree subtree, const char *label)
{
	proto_item *item;
	proto_tree *branch = proto_tree_add_subtree(tree, view->tvb, 0, 0, tcphs_ett[subtree], &item, label);

	proto_item_set_generated(item);
	return branch;
}

/** add_word(): the value is the word alone, for filters and columns; the tree also shows what it means. */
static proto_item *add_word(const struct view *view, proto_tree *tree, enum tcphs_field field, const char *word,
                            const char *title)
{
	proto_item *item = proto_tree_add_string_format_value(tree, tcphs_hf[field], view->tvb, 0, 0, word, "%s, %s",
	                                                      word, title);

	proto_item_set_generated(item);
	return item;
}

static void add_interval(const struct view *view, proto_tree *tree, enum tcphs_field field, tcphs_time interval)
{
	nstime_t time;

	if (interval == TCPHS_TIME_NONE)
		return;
	time.secs = (time_t)(interval / TCPHS_SECOND);
	time.nsecs = (int)(interval % TCPHS_SECOND);
	proto_item_set_generated(proto_tree_add_time(tree, tcphs_hf[field], view->tvb, 0, 0, &time));
}

/** add_frame(): a link to the frame of segment |ref|, if it is another frame and still there; else NULL. */
static proto_item *add_frame(const struct view *view, proto_tree *tree, enum tcphs_field field, tcphs_ref ref)
{
	guint32 frame = tcphs_capture_frame_of(ref);

	if (frame == 0 || frame == view->pinfo->num)
		return NULL;
	if (frame < view->pinfo->num)
		compat_depend_on(view->pinfo, frame);
	return tree_add_uint(view, tree, field, frame);
}

/** visible(): labels will be read, as opposed to values. */
static bool visible(proto_tree *tree)
{
	return tree && PTREE_DATA(tree)->visible;
}

/* ---- the three steps ---------------------------------------------------------------------------- */

/** step_known(): no later frame can change which segment was this step. */
static bool step_known(const struct view *view, unsigned int step)
{
	return view->opening || (step == 1 && view->roles);
}

/** say_next(): ", answered in frame 2 after 30.5 ms" behind the line of |step|. */
static void say_next(const struct view *view, proto_tree *tree, proto_item *item, unsigned int step)
{
	const char *next = item && visible(tree) ? sentence_next(view, step) : NULL;

	if (next)
		proto_item_append_text(item, ", %s", next);
}

/** show_step(): the frame of one step, or that it is this one. */
static void show_step(const struct view *view, proto_tree *tree, unsigned int step)
{
	static const enum tcphs_field links[] = {TCPHS_FIELD_SYN_IN, TCPHS_FIELD_SYNACK_IN, TCPHS_FIELD_ACK_IN};
	proto_item *item;

	if (view->step == step)
		item = tree_add_uint(view, tree, TCPHS_FIELD_STEP, step);
	else
		item = add_frame(view, tree, links[step - 1], view->summary.judgement.steps[step - 1]);
	if (view_of_handshake(view))
		say_next(view, tree, item, step);
}

/** show_backoff(): "0, 1.0, 3.0 s", on a SYN or SYN-ACK that was sent more than once. */
static void show_backoff(const struct view *view, proto_tree *tree)
{
	const struct tcphs_summary *summary = &view->summary;
	bool synack = view->layer->segment.flags & TCPHS_ACK;
	char text[ITEM_LABEL_LENGTH];
	size_t length;

	if (!(view->layer->segment.flags & TCPHS_SYN))
		return;
	if (synack)
		length = tcphs_tries_format(text, sizeof(text), summary->synack_time, summary->synack_tries,
		                            summary->synack_count);
	else
		length = tcphs_tries_format(text, sizeof(text), summary->syn_time, summary->tries, summary->syn_count);
	if (length > 0)
		tree_add_string(view, tree, TCPHS_FIELD_BACKOFF, text);
}

/** add_count(): how many there were, if any; hidden where it was one. */
static void add_count(const struct view *view, proto_tree *tree, enum tcphs_field field, uint32_t count)
{
	proto_item *item = count ? tree_add_uint(view, tree, field, count) : NULL;

	if (count == 1)
		proto_item_set_hidden(item);
}

/** show_tries(): how often it was tried, which only the end can tell. */
static void show_tries(const struct view *view, proto_tree *tree)
{
	if (!view->pinfo->fd->visited)
		return;
	add_count(view, tree, TCPHS_FIELD_SYN_COUNT, view->summary.syn_count);
	add_count(view, tree, TCPHS_FIELD_SYNACK_COUNT, view->summary.synack_count);
	show_backoff(view, tree);
}

/** show_measures(): numbers and times of the handshake. */
static void show_measures(const struct view *view, proto_tree *tree)
{
	const struct tcphs_summary *summary = &view->summary;

	if (view->opening) {
		add_interval(view, tree, TCPHS_FIELD_RTT_SERVER, summary->rtt_server);
		add_interval(view, tree, TCPHS_FIELD_RTT_CLIENT, summary->rtt_client);
		add_interval(view, tree, TCPHS_FIELD_RTT_TOTAL, summary->rtt_total);
	}
	if (summary->has_isn[TCPHS_CLIENT] && view->roles)
		tree_add_uint(view, tree, TCPHS_FIELD_ISN_CLIENT, summary->isn[TCPHS_CLIENT]);
	if (summary->has_isn[TCPHS_SERVER] && view->opening)
		tree_add_uint(view, tree, TCPHS_FIELD_ISN_SERVER, summary->isn[TCPHS_SERVER]);
	show_tries(view, tree);
}

/** steps_label(): "Three steps: frames 1, 2, 3", with a dash for what was not captured or is not certain yet. */
static void steps_label(const struct view *view, struct line *label)
{
	line_add(label, "Three steps: frames ");
	for (unsigned int step = 1; step <= 3; step++) {
		guint32 frame = step_known(view, step)
		              ? tcphs_capture_frame_of(view->summary.judgement.steps[step - 1]) : 0;

		if (frame)
			line_add_number(label, frame);
		else
			line_add(label, "-");
		if (step < 3)
			line_add(label, ", ");
	}
}

/**
 * show_steps(): the handshake that this segment belongs to. Segments that only came later link to it; a long transfer
 * would repeat the rest thousands of times.
 */
static void show_steps(const struct view *view, proto_tree *parent)
{
	const tcphs_ref *steps = view->summary.judgement.steps;
	bool handshake = view_of_handshake(view);
	char text[LINE_LENGTH];
	struct line label = line_over(text, sizeof(text));
	proto_tree *tree;

	if (!handshake && !(view->opening && (steps[0] || steps[1] || steps[2])))
		return;
	if (visible(parent))
		steps_label(view, &label);
	tree = tree_add_branch(view, parent, TCPHS_TREE_STEPS, text);
	for (unsigned int step = 1; step <= 3; step++) {
		if (step_known(view, step))
			show_step(view, tree, step);
	}
	if (handshake)
		show_measures(view, tree);
}

/* ---- the segment -------------------------------------------------------------------------------- */

/** add_number(): the expected number with the actual one; the difference is hidden if there is none. */
static void add_number(const struct view *view, proto_tree *tree, enum tcphs_field expected_field, uint32_t expected,
                       enum tcphs_field delta_field, int32_t delta)
{
	proto_item *item;

	if (delta == 0)
		item = proto_tree_add_uint_format_value(tree, tcphs_hf[expected_field], view->tvb, 0, 0, expected,
		                                        "%u, ok", expected);
	else
		item = proto_tree_add_uint_format_value(tree, tcphs_hf[expected_field], view->tvb, 0, 0, expected,
		                                        "%u, actual %u", expected, expected + (uint32_t)delta);
	proto_item_set_generated(item);
	item = add_int(view, tree, delta_field, delta);
	if (delta == 0)
		proto_item_set_hidden(item);
}

/** show_arithmetic(): what this segment's numbers should be and are. */
static void show_arithmetic(const struct view *view, proto_tree *parent)
{
	const struct tcphs_mark *mark = view->mark;
	char text[ITEM_LABEL_LENGTH];
	proto_tree *tree;

	if (tcphs_arithmetic_format(text, sizeof(text), mark, &view->layer->segment) == 0)
		return;
	tree = proto_item_add_subtree(tree_add_string(view, parent, TCPHS_FIELD_ARITHMETIC, text),
	                              tcphs_ett[TCPHS_TREE_ARITHMETIC]);
	if (mark->terms & TCPHS_TERM_SEQ)
		add_number(view, tree, TCPHS_FIELD_SEQ_EXPECTED, mark->seq_expected, TCPHS_FIELD_SEQ_DELTA,
		           view_seq_delta(view));
	if (mark->terms & TCPHS_TERM_ACK)
		add_number(view, tree, TCPHS_FIELD_ACK_EXPECTED, mark->ack_expected, TCPHS_FIELD_ACK_DELTA,
		           view_ack_delta(view));
}

/** show_state(): an endpoint's state after the segment, and before it if it was another. */
static void show_state(const struct view *view, proto_tree *tree, enum tcphs_role role, enum tcphs_field field)
{
	enum tcphs_state before = view_state(view, role, true), after = view_state(view, role, false);
	const char *word;
	proto_item *item;

	if (after == TCPHS_STATE_NONE || !view->roles)
		return;
	/* RFC 9293 figure 6, line 1. */
	if (before == TCPHS_STATE_NONE && view->mark->phase == TCPHS_PHASE_SYN)
		before = role == TCPHS_CLIENT ? TCPHS_CLOSED : TCPHS_LISTEN;
	word = tcphs_state_word(after);
	if (before == TCPHS_STATE_NONE || before == after)
		item = proto_tree_add_string(tree, tcphs_hf[field], view->tvb, 0, 0, word);
	else
		item = proto_tree_add_string_format_value(tree, tcphs_hf[field], view->tvb, 0, 0, word, "%s, was %s",
		                                          word, tcphs_state_word(before));
	proto_item_set_generated(item);
}

/** struct shown: what TCP's section in the packet details says, and whether it says all of it. */
struct shown {
	guint32 sport, dport, stream;
	unsigned int found;
};

/** read_shown(): the three numbers, which are among the first items of the section. */
static struct shown read_shown(const proto_node *section)
{
	static int ids[3];
	struct shown shown = {0};
	guint32 *values[] = {&shown.sport, &shown.dport, &shown.stream};

	if (ids[0] == 0) {
		ids[0] = proto_registrar_get_id_byname("tcp.srcport");
		ids[1] = proto_registrar_get_id_byname("tcp.dstport");
		ids[2] = proto_registrar_get_id_byname("tcp.stream");
	}
	for (const proto_node *node = section->first_child; node && shown.found < 3; node = node->next) {
		const field_info *item = PNODE_FINFO(node);

		if (item && item->hfinfo->id == ids[shown.found])
			*values[shown.found++] = compat_uint_of(item);
	}
	return shown;
}

/** stream_shown(): tcp.stream as the one section of TCP in this frame shows it; false if there is no such section. */
static bool stream_shown(const struct view *view, const proto_tree *tree, uint32_t *stream)
{
	static int tcp;
	const proto_node *section = NULL;
	struct shown shown;

	if (tcp == 0)
		tcp = proto_get_id_by_filter_name("tcp");
	for (const proto_node *node = tree->first_child; node; node = node->next) {
		const field_info *item = PNODE_FINFO(node);

		if (!item || item->hfinfo->id != tcp)
			continue;
		if (section)
			return false;
		section = node;
	}
	if (!section || !view->alone)
		return false;
	shown = read_shown(section);
	*stream = shown.stream;
	return shown.found == 3 && shown.sport == view->layer->segment.sport &&
	       shown.dport == view->layer->segment.dport;
}

/** stream_of(): tcp.stream as TCP has it for this conversation, so that both fields always agree. */
static uint32_t stream_of(const struct view *view, const proto_tree *frame)
{
	const struct tcphs_layer *layer = view->layer;
	uint32_t stream;

	if (stream_shown(view, frame, &stream))
		return stream;
	return compat_tcp_stream(view->pinfo, &layer->src, &layer->dst, layer->segment.sport, layer->segment.dport,
	                         view->mark->stream);
}

/** show_segment(): what the segment is and what it did; |frame| is the tree that TCP's section is in, too. */
static void show_segment(const struct view *view, proto_tree *tree, const proto_tree *frame)
{
	tree_add_uint(view, tree, TCPHS_FIELD_STREAM, stream_of(view, frame));
	if (view->summary.incarnation)
		tree_add_uint(view, tree, TCPHS_FIELD_INCARNATION, view->summary.incarnation);
	if (view->mark->phase != TCPHS_PHASE_NONE)
		tree_add_string(view, tree, TCPHS_FIELD_PHASE, tcphs_phase_word((enum tcphs_phase)view->mark->phase));
	if (view->mark->late)
		proto_item_set_generated(proto_tree_add_none_format(tree, tcphs_hf[TCPHS_FIELD_LATE], view->tvb, 0, 0,
		                                                    "Late: the connection was already over, nothing is "
		                                                    "concluded from this segment"));
	show_arithmetic(view, tree);
	show_state(view, tree, TCPHS_CLIENT, TCPHS_FIELD_CLIENT_STATE);
	show_state(view, tree, TCPHS_SERVER, TCPHS_FIELD_SERVER_STATE);
}

/* ---- verdict and findings ----------------------------------------------------------------------- */

/** show_closed(): how the connection ended; hidden of one that never was and had no end. */
static void show_closed(const struct view *view, proto_tree *tree)
{
	const struct tcphs_judgement *judgement = &view->summary.judgement;
	enum tcphs_verdict verdict = (enum tcphs_verdict)judgement->verdict;
	enum tcphs_closed closed = (enum tcphs_closed)judgement->closed;
	proto_item *item = add_word(view, tree, TCPHS_FIELD_CLOSED, tcphs_closed_word(closed),
	                            tcphs_closed_title(closed));

	if (closed == TCPHS_CLOSED_OPEN && verdict != TCPHS_COMPLETE && verdict != TCPHS_HALF_OPEN)
		proto_item_set_hidden(item);
}

/** show_verdict(): what became of the connection, once it is settled; blame that falls on nobody is hidden. */
static void show_verdict(const struct view *view, proto_tree *tree)
{
	const struct tcphs_judgement *judgement = &view->summary.judgement;
	enum tcphs_verdict verdict = (enum tcphs_verdict)judgement->verdict;
	enum tcphs_reason reason = (enum tcphs_reason)judgement->reason;
	enum tcphs_blame blame = (enum tcphs_blame)judgement->blame;
	proto_item *item;

	if (!view->settled)
		return;
	add_word(view, tree, TCPHS_FIELD_VERDICT, tcphs_verdict_word(verdict), tcphs_verdict_title(verdict));
	add_word(view, tree, TCPHS_FIELD_REASON, tcphs_reason_word(reason), tcphs_reason_title(reason));
	item = add_word(view, tree, TCPHS_FIELD_BLAME, tcphs_blame_word(blame), tcphs_blame_title(blame));
	if (blame == TCPHS_BLAME_NONE)
		proto_item_set_hidden(item);
	if (view->pinfo->fd->visited)
		show_closed(view, tree);
}

/** tree_finding(): the rule's title; below it the sentence as expert info, and the frame it is held against. */
void tree_finding(const struct view *view, proto_tree *tree, const struct tcphs_finding *finding)
{
	const struct tcphs_rule_info *rule = tcphs_rule_info((enum tcphs_rule)finding->rule);
	char text[ITEM_LABEL_LENGTH];
	proto_item *item;
	proto_tree *subtree;

	tcphs_finding_format(text, sizeof(text), finding, &view->summary);
	item = proto_tree_add_string_format_value(tree, tcphs_hf[TCPHS_FIELD_FINDING], view->tvb, 0, 0, rule->id,
	                                          "%s, %s", rule->id, rule->title);
	proto_item_set_generated(item);
	expert_add_info_format(view->pinfo, item, &tcphs_ei[finding->rule], "%s", text);
	subtree = proto_item_add_subtree(item, tcphs_ett[TCPHS_TREE_FINDING]);
	/* The expert info shows it, too, but can be told to show another, and is known only to filters of the frame. */
	proto_item_set_hidden(tree_add_string(view, subtree, TCPHS_FIELD_FINDING_SEVERITY,
	                                      tcphs_severity_word(rule->severity)));
	add_frame(view, subtree, TCPHS_FIELD_FINDING_RELATED, finding->related);
}

void tree_findings(const struct view *view, proto_tree *tree)
{
	for (size_t i = 0; i < view->summary.finding_count; i++) {
		if (view_finding_shows(view, &view->summary.findings[i]))
			tree_finding(view, tree, &view->summary.findings[i]);
	}
}

/* ------------------------------------------------------------------------------------------------- */

void tree_quote(const struct view *view, proto_tree *tree)
{
	proto_item *item;

	if (!view_worst_finding(view))
		return;
	if (tree) {
		item = proto_tree_add_protocol_format(tree, tcphs_proto, view->tvb, 0, 0, "TCP Handshake: %s",
		                                      visible(tree) ? sentence_quote(view) : "");
		tree = proto_item_add_subtree(item, tcphs_ett[TCPHS_TREE_SEGMENT]);
	}
	tree_findings(view, tree);
}

void tree_layer(const struct view *view, proto_tree *frame)
{
	char text[LINE_LENGTH];
	struct line headline = line_over(text, sizeof(text));
	proto_item *item = proto_tree_add_item(frame, tcphs_proto, view->tvb, 0, 0, ENC_NA);
	proto_tree *tree = proto_item_add_subtree(item, tcphs_ett[TCPHS_TREE_SEGMENT]);

	if (visible(frame)) {
		sentence_headline(view, &headline);
		/* Unlike proto_tree_add_protocol_format(), this does not format it twice. */
		proto_item_set_text(item, "TCP Handshake: %s", text);
	}
	show_steps(view, tree);
	show_segment(view, tree, frame);
	offers_show(view, tree);
	if (view_of_handshake(view))
		offers_show_agreed(view, tree);
	show_verdict(view, tree);
	tree_findings(view, tree);
}
