/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge_engine.c - what the engine says of capture scripts when it is asked directly, without any front end.
 *
 *     judge_engine SCRIPTS
 *
 * Each script below the folder, in each of its variants, is built into frames, and these are told to a tracker as a
 * front end would: every frame's time first, then the segment or the quoted header in it; refs are frame numbers.
 * Printed, as lines of JSON: {"type":"run"} naming script and variant, {"type":"segment"} for each TCP segment, and
 * {"type":"connection"} for each connection, which segments name by stream and incarnation. This is done with a
 * tracker that keeps everything, as the plugin does, and with one whose retired connections are drained after each
 * frame, as the analyzer does: "mode" tells which. Another tracker takes each segment the long way (see TCPHS_PLAIN);
 * its marks have to be the same.
 *
 * Exit status 0, or 2 with a sentence on stderr.
 */
#include "packets.h"
#include "script.h"
#include "tcphs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
	const char *name;
	struct script *script;
	struct tcphs_config config;
	bool checksums;
	GPtrArray *packets;
	struct tcphs_tracker *tracker, *slow;
	struct tcphs_mark *marks;        /* by frame - 1; phase NONE where it has no segment */
	struct tcphs_segment *segments;
	uint32_t connections;            /* how many marks spoke of */
};

static void die(const char *path, const char *what)
{
	fprintf(stderr, "judge_engine: %s: %s\n", path, what);
	exit(2);
}

static tcphs_time seconds(const char *text)
{
	return (tcphs_time)(g_ascii_strtod(text, NULL) * (double)TCPHS_SECOND);
}

static void configure(struct run *run)
{
	tcphs_config_default(&run->config);
	for (guint i = 0; i < run->script->config->len; i++) {
		const struct script_config *config = g_ptr_array_index(run->script->config, i);
		const char *key = config->key, *value = config->value;
		if (!strcmp(key, "horizon"))
			run->config.horizon = seconds(value);
		else if (!strcmp(key, "linger"))
			run->config.linger = seconds(value);
		else if (!strcmp(key, "forget"))
			run->config.forget = seconds(value);
		else if (!strcmp(key, "slow"))
			run->config.slow = seconds(value);
		else if (!strcmp(key, "stream_rule"))
			run->config.stream_rule = strcmp(value, "ws44") ? TCPHS_STREAM_WS40 : TCPHS_STREAM_WS44;
		else if (!strcmp(key, "checksums"))
			run->checksums = !strcmp(value, "yes");
		else
			die(run->script->path, "there is a config key that the engine has not");
	}
}

/* ---- telling the tracker --------------------------------------------------------------------------- */

static void set_key(struct tcphs_key *key, const struct script_item *item)
{
	memcpy(key->src, item->from->address, sizeof(key->src));
	memcpy(key->dst, item->to->address, sizeof(key->dst));
	key->sport = item->from->port;
	key->dport = item->to->port;
}

static void read_segment(const struct run *run, const struct packet *packet, struct tcphs_segment *segment)
{
	const uint8_t *octets = packet->octets->data;
	size_t captured = packet->captured - packet->tcp;
	tcphs_segment_parse(segment, octets + packet->tcp, captured, packet->tcp_length);
	segment->time = packet->item->time;
	segment->ip_id = packet->ip_id;
	segment->ttl = (uint8_t)packet->item->ttl;
	if (run->checksums)
		segment->checksum = packet->item->badsum ? TCPHS_CHECKSUM_BAD : TCPHS_CHECKSUM_GOOD;
}

static void tell_quote(struct run *run, const struct packet *packet, tcphs_ref ref)
{
	const struct script_item *item = packet->item;
	struct tcphs_quote quote = { .type = item->type, .code = item->code, .icmpv6 = item->from->ipv6 };
	struct tcphs_mark mark;
	set_key(&quote.key, item->quoted);
	memcpy(quote.sender, item->from->address, sizeof(quote.sender));
	tcphs_segment_parse(&quote.segment, packet->octets->data + packet->tcp, packet->captured - packet->tcp, 0);
	quote.segment.time = item->time;
	quote.segment.ref = ref;
	if (tcphs_tracker_quote(run->tracker, &quote, &mark) != TCPHS_OK ||
	    tcphs_tracker_quote(run->slow, &quote, &mark) != TCPHS_OK)
		die(run->script->path, "out of memory");
}

static void tell_segment(struct run *run, const struct packet *packet, tcphs_ref ref)
{
	struct tcphs_segment *segment = &run->segments[ref - 1];
	struct tcphs_mark *mark = &run->marks[ref - 1], slow;
	struct tcphs_segment unknown;
	struct tcphs_key key;
	set_key(&key, packet->item);
	read_segment(run, packet, segment);
	segment->ref = ref;
	unknown = *segment;
	unknown.plain = 0;
	if (tcphs_tracker_segment(run->tracker, &key, segment, mark) != TCPHS_OK ||
	    tcphs_tracker_segment(run->slow, &key, &unknown, &slow) != TCPHS_OK)
		die(run->script->path, "out of memory");
	if (memcmp(mark, &slow, sizeof(slow)) != 0)
		die(run->script->path, "a segment that went the short way has another mark than by the long one");
	if (mark->connection != TCPHS_NO_CONNECTION)
		run->connections = MAX(run->connections, mark->connection + 1);
}

/* ---- what it says ----------------------------------------------------------------------------------- */

static void print_word(const char *key, const char *word)
{
	GString *text = g_string_new(NULL);
	script_json_string(text, word);
	printf(",\"%s\":%s", key, text->str);
	g_string_free(text, TRUE);
}

static void print_round_trips(const struct tcphs_summary *summary)
{
	const tcphs_time times[3] = { summary->rtt_server, summary->rtt_client, summary->rtt_total };
	for (int i = 0; i < 3; i++) {
		printf("%s", i ? "," : ",\"rtt\":[");
		if (times[i] == TCPHS_TIME_NONE)
			printf("null");
		else
			printf("%.9f", (double)times[i] / (double)TCPHS_SECOND);
	}
	printf("],\"late\":%u,\"completeness\":%u", summary->late, summary->judgement.completeness);
}

static void print_connection(const struct tcphs_summary *summary, const char *mode)
{
	const struct tcphs_judgement *judgement = &summary->judgement;
	printf("{\"type\":\"connection\",\"mode\":\"%s\",\"stream\":%u,\"incarnation\":%u,\"first_frame\":%u", mode,
	       summary->stream, summary->incarnation, summary->first);
	print_word("verdict", tcphs_verdict_word((enum tcphs_verdict)judgement->verdict));
	print_word("reason", tcphs_reason_word((enum tcphs_reason)judgement->reason));
	print_word("blame", tcphs_blame_word((enum tcphs_blame)judgement->blame));
	print_word("closed", tcphs_closed_word((enum tcphs_closed)judgement->closed));
	for (int i = 0; i < 3; i++) {
		printf("%s", i ? "," : ",\"steps\":[");
		if (judgement->steps[i])
			printf("%u", judgement->steps[i]);
		else
			printf("null");
	}
	printf("]");
	print_round_trips(summary);
	if (!strcmp(mode, "keep"))   /* what was drained is over, and that is certain */
		print_word("certain", judgement->certain ? "verdict" : judgement->client_certain ? "client" : "-");
	printf(",\"findings\":[");
	for (size_t i = 0; i < summary->finding_count; i++) {
		const struct tcphs_finding *finding = &summary->findings[i];
		char text[512];
		tcphs_finding_format(text, sizeof(text), finding, summary);
		printf("%s{\"id\":\"%s\",\"frame\":%u", i ? "," : "",
		       tcphs_rule_info((enum tcphs_rule)finding->rule)->id, finding->at);
		print_word("text", text);
		printf("}");
	}
	printf("]}\n");
}

/* A SYN-ACK sent with several ISNs is a step only if its ISN was acknowledged: the judgement knows. */
static int step_of(const struct tcphs_judgement *judgement, tcphs_ref ref)
{
	for (int i = 0; i < 3; i++)
		if (judgement->steps[i] == ref)
			return i + 1;
	return 0;
}

static void print_segment(struct run *run, tcphs_ref ref)
{
	const struct tcphs_mark *mark = &run->marks[ref - 1];
	struct tcphs_summary summary;
	char arithmetic[512] = "";
	printf("{\"type\":\"segment\",\"frame\":%u,\"stream\":%u", ref, mark->stream);
	if (mark->connection != TCPHS_NO_CONNECTION) {
		tcphs_tracker_summary(run->tracker, mark->connection, tcphs_tracker_end(run->tracker), &summary);
		uint8_t client = summary.judgement.client;
		tcphs_arithmetic_format(arithmetic, sizeof(arithmetic), mark, &run->segments[ref - 1]);
		printf(",\"connection\":[%u,%u]", summary.stream, summary.incarnation);
		print_word("phase", tcphs_phase_word((enum tcphs_phase)mark->phase));
		print_word("client_state", tcphs_state_word((enum tcphs_state)mark->state[client]));
		print_word("server_state", tcphs_state_word((enum tcphs_state)mark->state[!client]));
		print_word("arithmetic", arithmetic);
		printf(",\"step\":%d,\"attempt\":%u", step_of(&summary.judgement, ref), mark->attempt);
	}
	printf("}\n");
}

/* ---- one script in one variant ---------------------------------------------------------------------- */

static void drain(struct run *run)
{
	struct tcphs_summary summary, slow;
	while (tcphs_tracker_next(run->tracker, &summary)) {
		print_connection(&summary, "drain");
		tcphs_tracker_next(run->slow, &slow);
	}
}

static void tell(struct run *run)
{
	for (guint i = 0; i < run->packets->len; i++) {
		const struct packet *packet = g_ptr_array_index(run->packets, i);
		tcphs_tracker_frame(run->tracker, packet->item->time);
		tcphs_tracker_frame(run->slow, packet->item->time);
		if (packet->item->kind == SCRIPT_SEGMENT)
			tell_segment(run, packet, i + 1);
		else if (packet->item->kind == SCRIPT_ICMP)
			tell_quote(run, packet, i + 1);
		if (!run->config.keep)
			drain(run);
	}
}

static void judge(struct run *run, bool keep)
{
	run->config.keep = keep;
	if (tcphs_tracker_new(&run->tracker, &run->config) != TCPHS_OK ||
	    tcphs_tracker_new(&run->slow, &run->config) != TCPHS_OK)
		die(run->script->path, "out of memory");
	tell(run);
	if (keep) {
		for (guint i = 0; i < run->packets->len; i++)
			if (((const struct packet *)g_ptr_array_index(run->packets, i))->item->kind == SCRIPT_SEGMENT)
				print_segment(run, i + 1);
		for (uint32_t i = 0; i < run->connections; i++) {
			struct tcphs_summary summary;
			tcphs_tracker_summary(run->tracker, i, tcphs_tracker_end(run->tracker), &summary);
			print_connection(&summary, "keep");
		}
	} else {
		tcphs_tracker_finish(run->tracker);
		drain(run);
	}
	tcphs_tracker_del(run->tracker);
	tcphs_tracker_del(run->slow);
}

static void run_variant(const char *path, const char *name, enum script_variant variant)
{
	GError *error = NULL;
	struct run run = { .name = name, .script = script_read(path, &error) };
	if (!run.script)
		die("cannot go on", error->message);
	if (run.script->allowed[variant]) {
		if (!script_apply(run.script, variant, &error))
			die("cannot go on", error->message);
		configure(&run);
		run.packets = packets_build(run.script);
		run.marks = g_new0(struct tcphs_mark, run.packets->len);
		run.segments = g_new0(struct tcphs_segment, run.packets->len);
		printf("{\"type\":\"run\"");
		print_word("script", name);
		print_word("variant", script_variant_word(variant));
		printf("}\n");
		judge(&run, true);
		judge(&run, false);
		g_free(run.marks);
		g_free(run.segments);
		g_ptr_array_unref(run.packets);
	}
	script_free(run.script);
}

int main(int argc, char **argv)
{
	GError *error = NULL;
	GPtrArray *found = argc == 2 ? script_find(argv[1], &error) : NULL;
	if (!found)
		die(argc == 2 ? argv[1] : "usage", error ? error->message : "judge_engine SCRIPTS");
	for (guint i = 0; i < found->len; i++) {
		const char *relative = g_ptr_array_index(found, i);
		char *path = g_build_filename(argv[1], relative, NULL);
		char *name = g_strndup(relative, strlen(relative) - strlen(".tcphs"));
		for (int variant = SCRIPT_BASE; variant < SCRIPT_VARIANTS; variant++)
			run_variant(path, name, (enum script_variant)variant);
		g_free(path);
		g_free(name);
	}
	g_ptr_array_unref(found);
	return 0;
}
