/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show.c - one TCP layer, as tree, expert infos and a mark in the Info column.
 *
 * Theory of operation. A segment's mark says what the segment was when it passed; the summary of its connection says
 * what is known now. Now is the end of the capture once Wireshark has read all of it, that is, whenever a frame is
 * visited again (tshark -2, every click in the GUI). In a single pass, now is this frame: then nothing is shown that a
 * later frame could take back. So verdict, reason, blame, and findings of scope CONNECTION need either a visited frame
 * or a judgement that the engine calls certain; together this is called settled. What can still change when the verdict
 * cannot (how the connection was closed, how often a SYN was sent) needs the visited frame.
 *
 * Nothing is worked out unless somebody looks: a tree in which our protocol or an expert info is wanted, a listener of
 * expert infos, or a column. One look is always taken: the light in the corner of the window shows the gravest expert
 * info of the capture, so one that is graver than any before is raised even if nobody listens.
 */
#include "plugin.h"

#include "fields.h"

/** struct view: one layer that is being shown. */
struct view {
	tvbuff_t *tvb;
	packet_info *pinfo;
	const struct tcphs_layer *layer;
	const struct tcphs_mark *mark;
	struct tcphs_summary summary;
	unsigned int step;
	bool settled;
};

static int tcp_proto;

static const char *const ecn_words[] = {
	[TCPHS_ECN_NONE] = "none", [TCPHS_ECN_CLASSIC] = "classic", [TCPHS_ECN_ACCURATE] = "accurate",
};
static const char *const auth_words[] = {
	[TCPHS_AUTH_NONE] = "none", [TCPHS_AUTH_MD5] = "md5", [TCPHS_AUTH_AO] = "ao",
};
static const char *const phase_titles[TCPHS_PHASES] = {
	[TCPHS_PHASE_NONE] = "",
	[TCPHS_PHASE_SYN] = "SYN",
	[TCPHS_PHASE_SYN_AGAIN] = "SYN again",
	[TCPHS_PHASE_SYNACK] = "SYN-ACK",
	[TCPHS_PHASE_SYNACK_AGAIN] = "SYN-ACK again",
	[TCPHS_PHASE_ACK] = "ACK",
	[TCPHS_PHASE_DATA] = "data",
	[TCPHS_PHASE_PURE_ACK] = "pure ACK",
	[TCPHS_PHASE_KEEP_ALIVE] = "keep-alive",
	[TCPHS_PHASE_FIN] = "FIN",
	[TCPHS_PHASE_ACK_OF_FIN] = "ACK of FIN",
	[TCPHS_PHASE_RST] = "RST",
	[TCPHS_PHASE_OUT_OF_PLACE] = "out of place",
};

/* ---- items -------------------------------------------------------------------------------------- */

static proto_item *add_uint(const struct view *view, proto_tree *tree, enum tcphs_field field, uint32_t value)
{
	proto_item *item = proto_tree_add_uint(tree, tcphs_hf[field], view->tvb, 0, 0, value);

	proto_item_set_generated(item);
	return item;
}

static void add_int(const struct view *view, proto_tree *tree, enum tcphs_field field, int32_t value)
{
	proto_item_set_generated(proto_tree_add_int(tree, tcphs_hf[field], view->tvb, 0, 0, value));
}

static void add_boolean(const struct view *view, proto_tree *tree, enum tcphs_field field, bool value)
{
	proto_item_set_generated(proto_tree_add_boolean(tree, tcphs_hf[field], view->tvb, 0, 0, value));
}

static void add_string(const struct view *view, proto_tree *tree, enum tcphs_field field, const char *value)
{
	proto_item_set_generated(proto_tree_add_string(tree, tcphs_hf[field], view->tvb, 0, 0, value));
}

/** add_word(): the value is the word alone, for filters and columns; the tree also shows what it means. */
static void add_word(const struct view *view, proto_tree *tree, enum tcphs_field field, const char *word,
                     const char *title)
{
	proto_item *item = proto_tree_add_string_format_value(tree, tcphs_hf[field], view->tvb, 0, 0, word, "%s, %s",
	                                                      word, title);

	proto_item_set_generated(item);
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

/** add_frame(): a link to the frame of segment |ref|, if it is another frame and still there. */
static void add_frame(const struct view *view, proto_tree *tree, enum tcphs_field field, tcphs_ref ref)
{
	guint32 frame = tcphs_capture_frame_of(ref);

	if (frame == 0 || frame == view->pinfo->num)
		return;
	add_uint(view, tree, field, frame);
	if (frame < view->pinfo->num)
		compat_depend_on(view->pinfo, frame);
}

/* ---- the segment -------------------------------------------------------------------------------- */

static int32_t seq_delta(const struct view *view)
{
	return (int32_t)(view->layer->segment.seq - view->mark->seq_expected);
}

static int32_t ack_delta(const struct view *view)
{
	return (int32_t)(view->layer->segment.ack - view->mark->ack_expected);
}

/** state_word(): of the client or the server, after this segment. */
static const char *state_word(const struct view *view, enum tcphs_role role)
{
	unsigned int client = view->summary.judgement.client;

	return tcphs_state_word((enum tcphs_state)view->mark->state[role == TCPHS_CLIENT ? client : !client]);
}

/** step_of(): judged where the connection is known to its end, else what the segment looked like in passing. */
static unsigned int step_of(const struct view *view)
{
	if (!view->settled)
		return view->mark->step;
	for (unsigned int i = 0; i < 3; i++) {
		if (view->summary.judgement.steps[i] == tcphs_capture_ref(view->layer->index))
			return i + 1;
	}
	return 0;
}

/** stream_of(): tcp.stream as TCP has it for this conversation, so that both fields always agree. */
static uint32_t stream_of(const struct view *view)
{
	const struct tcphs_layer *layer = view->layer;
	const conversation_t *conversation = find_conversation(view->pinfo->num, &layer->src, &layer->dst,
	                                                       CONVERSATION_TCP, layer->segment.sport,
	                                                       layer->segment.dport, 0);
	const struct tcp_analysis *tcp = conversation ? conversation_get_proto_data(conversation, tcp_proto) : NULL;

	return tcp ? tcp->stream : view->mark->stream;
}

/** put_numbers(): the number on which this segment's place in the handshake hangs. */
static void put_numbers(const struct view *view, wmem_strbuf_t *line)
{
	const struct tcphs_mark *mark = view->mark;
	const struct tcphs_segment *segment = &view->layer->segment;

	switch (mark->phase) {
	case TCPHS_PHASE_SYN:
	case TCPHS_PHASE_SYN_AGAIN:
		wmem_strbuf_append_printf(line, ", ISN %u", segment->seq);
		return;
	case TCPHS_PHASE_SYNACK:
	case TCPHS_PHASE_SYNACK_AGAIN:
	case TCPHS_PHASE_ACK:
	case TCPHS_PHASE_RST:
	case TCPHS_PHASE_OUT_OF_PLACE:
		break;
	default:
		return;
	}
	if (mark->terms & TCPHS_TERM_SEQ && !(mark->terms & TCPHS_TERM_ISN) && seq_delta(view) != 0)
		wmem_strbuf_append_printf(line, ", seq %u, expected %u", segment->seq, mark->seq_expected);
	if (!(mark->terms & TCPHS_TERM_ACK))
		return;
	if (ack_delta(view) != 0)
		wmem_strbuf_append_printf(line, ", ack %u, expected %u", segment->ack, mark->ack_expected);
	else if (mark->ack_expected != mark->ack_base)
		wmem_strbuf_append_printf(line, ", ack %u = %u + %u", segment->ack, mark->ack_base,
		                          mark->ack_expected - mark->ack_base);
}

/** put_words(): strings up to a NULL; a format costs ten times as much, and this is done for every segment. */
static void put_words(wmem_strbuf_t *line, const char *const *words)
{
	for (; *words; words++)
		wmem_strbuf_append(line, *words);
}

/** headline(): "step 2 of 3, SYN-ACK, ack 4322 = 4321 + 1, complete". */
static const char *headline(const struct view *view)
{
	wmem_strbuf_t *line = wmem_strbuf_new(view->pinfo->pool, "");
	const struct tcphs_judgement *judgement = &view->summary.judgement;
	const char *client = state_word(view, TCPHS_CLIENT), *server = state_word(view, TCPHS_SERVER);
	const char *verdict = tcphs_verdict_word((enum tcphs_verdict)judgement->verdict);
	const char *reason = tcphs_reason_word((enum tcphs_reason)judgement->reason);

	if (view->step)
		wmem_strbuf_append_printf(line, "step %u of 3, ", view->step);
	wmem_strbuf_append(line, view->mark->late ? "after the end" : phase_titles[view->mark->phase]);
	put_numbers(view, line);
	if (!view->step && client[0] && server[0])
		put_words(line, (const char *const[]){", ", client, " / ", server, NULL});
	if (view->settled)
		put_words(line, (const char *const[]){", ", verdict, NULL});
	if (view->settled && judgement->verdict != TCPHS_COMPLETE)
		put_words(line, (const char *const[]){" (", reason, ")", NULL});
	return wmem_strbuf_get_str(line);
}

/** show_numbers(): what this segment's numbers should be, and how far off they are. */
static void show_numbers(const struct view *view, proto_tree *tree)
{
	const struct tcphs_mark *mark = view->mark;
	char text[ITEM_LABEL_LENGTH];

	if (tcphs_arithmetic_format(text, sizeof(text), mark, &view->layer->segment) > 0)
		add_string(view, tree, TCPHS_FIELD_ARITHMETIC, text);
	if (mark->terms & TCPHS_TERM_SEQ) {
		add_uint(view, tree, TCPHS_FIELD_SEQ_EXPECTED, mark->seq_expected);
		add_int(view, tree, TCPHS_FIELD_SEQ_DELTA, seq_delta(view));
	}
	if (mark->terms & TCPHS_TERM_ACK) {
		add_uint(view, tree, TCPHS_FIELD_ACK_EXPECTED, mark->ack_expected);
		add_int(view, tree, TCPHS_FIELD_ACK_DELTA, ack_delta(view));
	}
}

/** show_segment(): what the segment is and what it did. */
static void show_segment(const struct view *view, proto_tree *tree)
{
	const char *client = state_word(view, TCPHS_CLIENT), *server = state_word(view, TCPHS_SERVER);

	add_uint(view, tree, TCPHS_FIELD_STREAM, stream_of(view));
	if (view->summary.incarnation)
		add_uint(view, tree, TCPHS_FIELD_INCARNATION, view->summary.incarnation);
	if (view->mark->phase != TCPHS_PHASE_NONE)
		add_string(view, tree, TCPHS_FIELD_PHASE, tcphs_phase_word((enum tcphs_phase)view->mark->phase));
	if (view->step)
		add_uint(view, tree, TCPHS_FIELD_STEP, view->step);
	if (view->mark->late)
		proto_item_set_generated(proto_tree_add_none_format(tree, tcphs_hf[TCPHS_FIELD_LATE], view->tvb, 0, 0,
		                                                    "Late: the connection was already over, nothing is "
		                                                    "concluded from this segment"));
	if (client[0])
		add_string(view, tree, TCPHS_FIELD_CLIENT_STATE, client);
	if (server[0])
		add_string(view, tree, TCPHS_FIELD_SERVER_STATE, server);
	show_numbers(view, tree);
}

/* ---- offers ------------------------------------------------------------------------------------- */

/**
 * offered_ecn(): what the flags of a SYN or SYN-ACK ask for. RFC 3168 6.1.1, RFC 9768 3.1: a SYN with all three flags
 * offers accurate feedback; a SYN-ACK that accepts it has CWR or AE without ECE, or AE and ECE.
 */
static enum tcphs_ecn offered_ecn(uint16_t flags)
{
	uint16_t ecn = flags & (TCPHS_AE | TCPHS_CWR | TCPHS_ECE);

	if (!(flags & TCPHS_ACK)) {
		if (ecn == (TCPHS_AE | TCPHS_CWR | TCPHS_ECE))
			return TCPHS_ECN_ACCURATE;
		return ecn == (TCPHS_CWR | TCPHS_ECE) ? TCPHS_ECN_CLASSIC : TCPHS_ECN_NONE;
	}
	if (ecn == TCPHS_ECE)
		return TCPHS_ECN_CLASSIC;
	return ecn == TCPHS_CWR || ecn == (TCPHS_CWR | TCPHS_ECE) || ecn == TCPHS_AE || ecn == (TCPHS_AE | TCPHS_CWR)
	     ? TCPHS_ECN_ACCURATE : TCPHS_ECN_NONE;
}

static enum tcphs_auth offered_auth(uint16_t seen)
{
	if (seen & TCPHS_OPT_AO)
		return TCPHS_AUTH_AO;
	return seen & TCPHS_OPT_MD5 ? TCPHS_AUTH_MD5 : TCPHS_AUTH_NONE;
}

/** show_offer(): the options of this SYN or SYN-ACK. */
static void show_offer(const struct view *view, proto_tree *parent)
{
	const struct tcphs_segment *segment = &view->layer->segment;
	const struct tcphs_options *options = &segment->options;
	proto_item *item;
	proto_tree *tree;

	if (!(segment->flags & TCPHS_SYN) || !(segment->have & TCPHS_HAVE_OPTIONS))
		return;
	tree = proto_tree_add_subtree(parent, view->tvb, 0, 0, tcphs_ett[TCPHS_TREE_OFFER], &item,
	                              "Offered in this segment");
	proto_item_set_generated(item);
	if (options->seen & TCPHS_OPT_MSS)
		add_uint(view, tree, TCPHS_FIELD_OFFER_MSS, options->mss);
	if (options->seen & TCPHS_OPT_WSCALE)
		add_uint(view, tree, TCPHS_FIELD_OFFER_WSCALE, options->wscale);
	add_boolean(view, tree, TCPHS_FIELD_OFFER_SACK, options->seen & TCPHS_OPT_SACK_OK);
	add_boolean(view, tree, TCPHS_FIELD_OFFER_TIMESTAMPS, options->seen & TCPHS_OPT_TIMESTAMPS);
	add_boolean(view, tree, TCPHS_FIELD_OFFER_FAST_OPEN, options->seen & TCPHS_OPT_FAST_OPEN);
	if (options->seen & TCPHS_OPT_FAST_OPEN)
		add_uint(view, tree, TCPHS_FIELD_OFFER_COOKIE_LENGTH, options->cookie_length);
	add_boolean(view, tree, TCPHS_FIELD_OFFER_MPTCP,
	            options->seen & TCPHS_OPT_MPTCP && options->mptcp_subtype == TCPHS_MP_CAPABLE);
	add_string(view, tree, TCPHS_FIELD_OFFER_ECN, ecn_words[offered_ecn(segment->flags)]);
	add_string(view, tree, TCPHS_FIELD_OFFER_AUTH, auth_words[offered_auth(options->seen)]);
}

/** show_agreed(): what both SYNs together say about the rest of the connection. */
static void show_agreed(const struct view *view, proto_tree *parent)
{
	const struct tcphs_agreement *agreed = &view->summary.agreed;
	proto_item *item;
	proto_tree *tree;

	if (!agreed->present)
		return;
	tree = proto_tree_add_subtree(parent, view->tvb, 0, 0, tcphs_ett[TCPHS_TREE_AGREED], &item, "Agreed by both");
	proto_item_set_generated(item);
	add_uint(view, tree, TCPHS_FIELD_AGREED_MSS_TO_CLIENT, agreed->mss_to_client);
	add_uint(view, tree, TCPHS_FIELD_AGREED_MSS_TO_SERVER, agreed->mss_to_server);
	if (agreed->has_wscale) {
		add_uint(view, tree, TCPHS_FIELD_AGREED_WSCALE_TO_CLIENT, agreed->wscale_to_client);
		add_uint(view, tree, TCPHS_FIELD_AGREED_WSCALE_TO_SERVER, agreed->wscale_to_server);
	}
	add_boolean(view, tree, TCPHS_FIELD_AGREED_SACK, agreed->sack);
	add_boolean(view, tree, TCPHS_FIELD_AGREED_TIMESTAMPS, agreed->timestamps);
	add_boolean(view, tree, TCPHS_FIELD_AGREED_FAST_OPEN, agreed->fast_open);
	add_boolean(view, tree, TCPHS_FIELD_AGREED_MPTCP, agreed->mptcp);
	if (agreed->ecn < array_length(ecn_words))
		add_string(view, tree, TCPHS_FIELD_AGREED_ECN, ecn_words[agreed->ecn]);
	if (agreed->auth < array_length(auth_words))
		add_string(view, tree, TCPHS_FIELD_AGREED_AUTH, auth_words[agreed->auth]);
}

/* ---- the connection ----------------------------------------------------------------------------- */

/** put_seconds(): thousandths of a second where they matter, else tenths: "0.204", "3.0". */
static void put_seconds(wmem_strbuf_t *text, tcphs_time interval)
{
	double seconds = (double)interval / (double)TCPHS_SECOND;

	wmem_strbuf_append_printf(text, seconds > -1 && seconds < 1 ? "%.3f" : "%.1f", seconds);
}

/** show_backoff(): "0, 1.0, 3.0 s", on a SYN or SYN-ACK that was sent more than once. */
static void show_backoff(const struct view *view, proto_tree *tree)
{
	bool synack = view->layer->segment.flags & TCPHS_ACK;
	const tcphs_time *times = synack ? view->summary.synack_time : view->summary.syn_time;
	uint32_t known = synack ? view->summary.synack_tries : view->summary.tries;
	uint32_t count = synack ? view->summary.synack_count : view->summary.syn_count;
	wmem_strbuf_t *text;

	if (!(view->layer->segment.flags & TCPHS_SYN) || known < 2 || known > TCPHS_TRIES)
		return;
	text = wmem_strbuf_new(view->pinfo->pool, "0");
	for (uint32_t i = 1; i < known; i++) {
		wmem_strbuf_append(text, ", ");
		put_seconds(text, times[i] - times[0]);
	}
	wmem_strbuf_append(text, " s");
	if (count > known)
		wmem_strbuf_append_printf(text, " and %u more", count - known);
	add_string(view, tree, TCPHS_FIELD_BACKOFF, wmem_strbuf_get_str(text));
}

/** show_tries(): how often it was tried. */
static void show_tries(const struct view *view, proto_tree *tree)
{
	if (view->summary.syn_count)
		add_uint(view, tree, TCPHS_FIELD_SYN_COUNT, view->summary.syn_count);
	if (view->summary.synack_count)
		add_uint(view, tree, TCPHS_FIELD_SYNACK_COUNT, view->summary.synack_count);
	show_backoff(view, tree);
}

/** show_verdict(): what became of the connection, once it is settled. */
static void show_verdict(const struct view *view, proto_tree *tree)
{
	const struct tcphs_judgement *judgement = &view->summary.judgement;
	enum tcphs_verdict verdict = (enum tcphs_verdict)judgement->verdict;
	enum tcphs_reason reason = (enum tcphs_reason)judgement->reason;

	if (!view->settled)
		return;
	add_word(view, tree, TCPHS_FIELD_VERDICT, tcphs_verdict_word(verdict), tcphs_verdict_title(verdict));
	add_word(view, tree, TCPHS_FIELD_REASON, tcphs_reason_word(reason), tcphs_reason_title(reason));
	add_string(view, tree, TCPHS_FIELD_BLAME, tcphs_blame_word((enum tcphs_blame)judgement->blame));
	if (view->pinfo->fd->visited)
		add_string(view, tree, TCPHS_FIELD_CLOSED, tcphs_closed_word((enum tcphs_closed)judgement->closed));
}

/** of_handshake(): it has a part in opening the connection. */
static bool of_handshake(const struct view *view)
{
	return view->step || view->layer->segment.flags & TCPHS_SYN || view->mark->phase == TCPHS_PHASE_ACK;
}

/** show_measures(): numbers and times of the handshake. */
static void show_measures(const struct view *view, proto_tree *tree)
{
	const struct tcphs_summary *summary = &view->summary;

	if (summary->has_isn[TCPHS_CLIENT])
		add_uint(view, tree, TCPHS_FIELD_ISN_CLIENT, summary->isn[TCPHS_CLIENT]);
	if (summary->has_isn[TCPHS_SERVER])
		add_uint(view, tree, TCPHS_FIELD_ISN_SERVER, summary->isn[TCPHS_SERVER]);
	add_interval(view, tree, TCPHS_FIELD_RTT_SERVER, summary->rtt_server);
	add_interval(view, tree, TCPHS_FIELD_RTT_CLIENT, summary->rtt_client);
	add_interval(view, tree, TCPHS_FIELD_RTT_TOTAL, summary->rtt_total);
	if (view->pinfo->fd->visited)
		show_tries(view, tree);
}

/**
 * show_connection(): the handshake that this segment belongs to. Segments that only came later link to it; a long
 * transfer would repeat the rest thousands of times.
 */
static void show_connection(const struct view *view, proto_tree *parent)
{
	const tcphs_ref *steps = view->summary.judgement.steps;
	proto_item *item;
	proto_tree *tree;

	if (!steps[0] && !steps[1] && !steps[2] && !of_handshake(view))
		return;
	tree = proto_tree_add_subtree(parent, view->tvb, 0, 0, tcphs_ett[TCPHS_TREE_CONNECTION], &item,
	                              "Handshake of this connection");
	proto_item_set_generated(item);
	add_frame(view, tree, TCPHS_FIELD_SYN_IN, steps[0]);
	add_frame(view, tree, TCPHS_FIELD_SYNACK_IN, steps[1]);
	add_frame(view, tree, TCPHS_FIELD_ACK_IN, steps[2]);
	if (!of_handshake(view))
		return;
	show_measures(view, tree);
	show_agreed(view, tree);
}

/* ---- findings ----------------------------------------------------------------------------------- */

/** severity_of(): a rule's severity as expert infos have it. */
static int severity_of(const struct tcphs_rule_info *rule)
{
	static const int levels[] = {
		[TCPHS_CHAT] = PI_CHAT, [TCPHS_NOTE] = PI_NOTE, [TCPHS_WARN] = PI_WARN, [TCPHS_ERROR] = PI_ERROR,
	};

	return levels[rule->severity];
}

/** finding_shows(): it is about this segment, and no later frame can take it back. */
static bool finding_shows(const struct view *view, const struct tcphs_finding *finding)
{
	const struct tcphs_rule_info *rule = tcphs_rule_info((enum tcphs_rule)finding->rule);

	return rule && finding->at == tcphs_capture_ref(view->layer->index) &&
	       (view->settled || rule->scope == TCPHS_SCOPE_SEGMENT);
}

/** show_finding(): id, sentence and expert info; |tree| may be NULL. */
static void show_finding(const struct view *view, proto_tree *tree, const struct tcphs_finding *finding)
{
	const struct tcphs_rule_info *rule = tcphs_rule_info((enum tcphs_rule)finding->rule);
	char text[ITEM_LABEL_LENGTH];
	proto_item *item;
	proto_tree *subtree;

	tcphs_finding_format(text, sizeof(text), finding, &view->summary);
	item = proto_tree_add_string_format_value(tree, tcphs_hf[TCPHS_FIELD_FINDING], view->tvb, 0, 0, rule->id,
	                                          "%s: %s", rule->id, text);
	proto_item_set_generated(item);
	subtree = proto_item_add_subtree(item, tcphs_ett[TCPHS_TREE_FINDING]);
	add_frame(view, subtree, TCPHS_FIELD_FINDING_RELATED, finding->related);
	expert_add_info_format(view->pinfo, item, &tcphs_ei[finding->rule], "%s", text);
}

static void show_findings(const struct view *view, proto_tree *tree)
{
	for (size_t i = 0; i < view->summary.finding_count; i++) {
		if (finding_shows(view, &view->summary.findings[i]))
			show_finding(view, tree, &view->summary.findings[i]);
	}
}

/** worst_finding(): the gravest of this segment, or NULL. */
static const struct tcphs_finding *worst_finding(const struct view *view)
{
	const struct tcphs_finding *worst = NULL;
	enum tcphs_severity severity = TCPHS_CHAT;

	for (size_t i = 0; i < view->summary.finding_count; i++) {
		const struct tcphs_finding *finding = &view->summary.findings[i];
		const struct tcphs_rule_info *rule = tcphs_rule_info((enum tcphs_rule)finding->rule);

		if (!finding_shows(view, finding) || (worst && rule->severity <= severity))
			continue;
		worst = finding;
		severity = rule->severity;
	}
	return worst;
}

/** raise_level(): see the last sentence at the top of this file. */
static void raise_level(const struct view *view)
{
	const struct tcphs_finding *worst = worst_finding(view);

	if (worst && severity_of(tcphs_rule_info((enum tcphs_rule)worst->rule)) > expert_get_highest_severity())
		show_finding(view, NULL, worst);
}

/* ---- what Wireshark calls ----------------------------------------------------------------------- */

/** mark_info(): "[2/3]" behind what the protocols wrote into the Info column. */
static void mark_info(const struct view *view)
{
	static const char *const steps[] = {" [1/3]", " [2/3]", " [3/3]"};
	const struct tcphs_finding *worst = worst_finding(view);
	const struct tcphs_rule_info *rule = worst ? tcphs_rule_info((enum tcphs_rule)worst->rule) : NULL;
	uint8_t phase = view->mark->phase;

	if (view->step)
		col_append_str(view->pinfo->cinfo, COL_INFO, steps[view->step - 1]);
	else if (phase == TCPHS_PHASE_SYN_AGAIN || phase == TCPHS_PHASE_SYNACK_AGAIN)
		col_append_fstr(view->pinfo->cinfo, COL_INFO, " [%s]", phase_titles[phase]);
	if (rule && rule->severity >= TCPHS_WARN)
		col_append_fstr(view->pinfo->cinfo, COL_INFO, " [%s]", rule->title);
}

/** remarkable(): a segment that has a part in the handshake or is out of order, as opposed to the ordinary rest. */
static bool remarkable(const struct tcphs_mark *mark)
{
	return mark->step || mark->phase == TCPHS_PHASE_SYN_AGAIN || mark->phase == TCPHS_PHASE_SYNACK_AGAIN ||
	       mark->phase == TCPHS_PHASE_RST || mark->phase == TCPHS_PHASE_OUT_OF_PLACE;
}

/** info_wanted(): an Info column is being written, and this is a segment that may get a mark there. */
static bool info_wanted(const packet_info *pinfo, const struct tcphs_layer *layer, const struct tcphs_mark *mark)
{
	return tcphs_preferences.info_marks && !layer->quote && remarkable(mark) && compat_has_column(pinfo, COL_INFO);
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

/** prepare(): looks up what is known of the layer's connection. */
static void prepare(struct view *view)
{
	tcphs_capture_summary(view->mark->connection, &view->summary);
	view->settled = view->pinfo->fd->visited || view->summary.judgement.certain;
	view->step = step_of(view);
}

/** show_quote(): a header quoted by an ICMP error is no segment: only what was found about it. */
static void show_quote(const struct view *view, proto_tree *tree)
{
	proto_item *item = NULL;
	bool any = false;

	for (size_t i = 0; i < view->summary.finding_count && !any; i++)
		any = finding_shows(view, &view->summary.findings[i]);
	if (!any)
		return;
	if (tree) {
		item = proto_tree_add_protocol_format(tree, tcphs_proto, view->tvb, 0, 0, "TCP Handshake: ICMP error");
		tree = proto_item_add_subtree(item, tcphs_ett[TCPHS_TREE_SEGMENT]);
	}
	show_findings(view, tree);
}

static void show_layer(const struct view *view, proto_tree *tree)
{
	proto_item *item = proto_tree_add_protocol_format(tree, tcphs_proto, view->tvb, 0, 0, "TCP Handshake: %s",
	                                                  headline(view));

	tree = proto_item_add_subtree(item, tcphs_ett[TCPHS_TREE_SEGMENT]);
	show_segment(view, tree);
	show_findings(view, tree);
	show_verdict(view, tree);
	show_offer(view, tree);
	show_connection(view, tree);
}

bool tcphs_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const struct tcphs_layer *layer)
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
	prepare(&view);
	if (info)
		mark_info(&view);
	if (layer->quote)
		show_quote(&view, tree);
	else if (tree)
		show_layer(&view, tree);
	else if (expert)
		show_findings(&view, NULL);
	else if (level)
		raise_level(&view);
	return !layer->quote;
}

void tcphs_show_handoff(void)
{
	tcp_proto = proto_get_id_by_filter_name("tcp");
}
