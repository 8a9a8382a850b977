/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * row.c - one connection for the page: compact JSON for the script, and little else.
 *
 * Arrays without keys and words as numbers: the page holds ten thousand of these. What the places mean is said once
 * more where they are read, at the top of page.js; words.c of the engine has the words, and page.c puts them before
 * the rows.
 *
 *     stream, incarnation, reason, blame, client, server, start, frames, late, [steps], rtt, rtt of the server, closed,
 *     encap, failing, [[rule, frame, sentence], ...], ladder
 *
 * A ladder is null where none was kept, else an array of rungs:
 *
 *     [to server, time, frame, label, numbers, step, client's state, server's state, skipped before]  a segment
 *     [2 + to server, time, frame, label, numbers, sender, 0, 0, skipped before]                      an ICMP error
 *     [4 + to server, absence, step]                                                                  a missing step
 */
#include "html.h"

#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "json.h"
#include "text.h"

static void put_interval(struct json *json, tcphs_time interval)
{
	char text[32];

	if (interval == TCPHS_TIME_NONE) {
		json_null(json, NULL);
		return;
	}
	g_snprintf(text, sizeof(text), "%" G_GINT64_FORMAT, interval);
	json_raw(json, NULL, text, strlen(text));
}

static void put_findings(struct json *json, const struct tcphs_summary *summary)
{
	json_array(json, NULL);
	for (size_t i = 0; i < summary->finding_count; i++) {
		char sentence[REPORT_SENTENCE];

		tcphs_finding_format(sentence, sizeof(sentence), &summary->findings[i], summary);
		json_array(json, NULL);
		json_uint(json, NULL, summary->findings[i].rule);
		json_uint(json, NULL, summary->findings[i].at);
		json_string(json, NULL, sentence);
		json_array_end(json);
	}
	json_array_end(json);
}

static void put_line(struct json *json, const struct ladder_line *line, const struct tcphs_summary *summary,
                     tcphs_time start)
{
	bool from_client = ladder_from_client(line, summary);
	uint8_t client = summary->judgement.client;
	char label[LADDER_LABEL], numbers[LADDER_NUMBERS], sender[TEXT_ADDRESS];

	ladder_label(label, line);
	ladder_numbers(numbers, line);
	json_array(json, NULL);
	/* An ICMP error goes to whom it quotes. */
	json_uint(json, NULL, line->icmp ? 2 + (unsigned)!from_client : (unsigned)from_client);
	put_interval(json, line->time - start);
	json_uint(json, NULL, line->frame);
	json_string(json, NULL, label);
	json_string(json, NULL, numbers);
	if (line->icmp) {
		text_address(sender, line->icmp_sender);
		json_string(json, NULL, sender);
	} else {
		json_uint(json, NULL, (unsigned)ladder_step(line, summary));
	}
	json_uint(json, NULL, line->icmp ? 0 : line->mark.state[client]);
	json_uint(json, NULL, line->icmp ? 0 : line->mark.state[!client]);
	if (line->skipped)
		json_uint(json, NULL, line->skipped);
	json_array_end(json);
}

static void put_unseen(struct json *json, const struct ladder *ladder, const struct tcphs_summary *summary,
                       size_t index)
{
	struct ladder_unseen unseen[3];
	size_t count = ladder_unseen(ladder, summary, index, unseen);

	for (size_t i = 0; i < count; i++) {
		json_array(json, NULL);
		json_uint(json, NULL, 4 + (unsigned)(unseen[i].step != 2));
		json_uint(json, NULL, unseen[i].absence);
		json_uint(json, NULL, unseen[i].step);
		json_array_end(json);
	}
}

static void put_ladder(struct json *json, const struct ladder *ladder, const struct tcphs_summary *summary)
{
	size_t count = ladder_count(ladder);

	if (!count) {
		json_null(json, NULL);
		return;
	}
	json_array(json, NULL);
	for (size_t i = 0; i < count; i++) {
		put_unseen(json, ladder, summary, i);
		put_line(json, ladder_line(ladder, i), summary, ladder_line(ladder, 0)->time);
	}
	put_unseen(json, ladder, summary, count);
	json_array_end(json);
}

static void put_endpoint(struct json *json, const uint8_t address[16], uint16_t port)
{
	char text[TEXT_ENDPOINT];

	text_endpoint(text, address, port);
	json_string(json, NULL, text);
}

static void put_row(struct json *json, const struct policy *policy, const struct tcphs_summary *summary,
                    const struct ladder *ladder, const char *encap)
{
	const struct tcphs_judgement *judgement = &summary->judgement;

	json_uint(json, NULL, summary->stream);
	json_uint(json, NULL, summary->incarnation);
	json_uint(json, NULL, judgement->reason);
	json_uint(json, NULL, judgement->blame);
	put_endpoint(json, summary->key.src, summary->key.sport);
	put_endpoint(json, summary->key.dst, summary->key.dport);
	json_timestamp(json, NULL, summary->start);
	json_uint(json, NULL, summary->frames);
	json_uint(json, NULL, summary->late);
	json_array(json, NULL);
	for (int step = 0; step < 3; step++)
		json_uint(json, NULL, judgement->steps[step]);
	json_array_end(json);
	put_interval(json, summary->rtt_total);
	put_interval(json, summary->rtt_server);
	json_uint(json, NULL, judgement->closed);
	json_string(json, NULL, encap);
	json_uint(json, NULL, policy_fails(policy, summary));
	put_findings(json, summary);
	put_ladder(json, ladder, summary);
}

struct html_row *html_row_new(struct output *scratch, const struct policy *policy, const struct tcphs_summary *summary,
                              const struct ladder *ladder, const char *encap)
{
	const struct tcphs_finding *finding = describe_worst(policy, summary);
	char sentence[REPORT_SENTENCE] = "";
	struct html_row *row;
	struct json json;
	size_t length;

	scratch->used = 0;
	json_begin(&json, scratch);
	put_row(&json, policy, summary, ladder, encap);
	json_end(&json);
	if (scratch->error)
		return NULL;
	if (finding)
		tcphs_finding_format(sentence, sizeof(sentence), finding, summary);
	length = scratch->used;
	row = calloc(1, sizeof(*row) + length + 1 + strlen(sentence) + 1);
	if (!row)
		return NULL;
	memcpy(row->json, scratch->buffer, length);
	row->finding = row->json + length + 1;
	memcpy(row->finding, sentence, strlen(sentence) + 1);
	row->size = sizeof(*row) + length + strlen(sentence) + 2;
	row->key = summary->key;
	row->rtt = summary->rtt_total;
	row->first = summary->first;
	row->reason = summary->judgement.reason;
	row->weight = finding ? (uint8_t)(policy->severity[finding->rule] + 1) : 0;
	row->failing = policy_fails(policy, summary);
	return row;
}

void html_row_free(struct html_row *row)
{
	g_free(row->drawn);
	free(row);
}
