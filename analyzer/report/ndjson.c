/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ndjson.c - newline-delimited JSON: a line per connection as it retires, a line per input after its connections, and
 * at the end a line per host of which the ISNs can be judged, and one per expectation of the policy.
 *
 * For programs. A key never changes its meaning, and is there in every line of its type: null says unknown or absent.
 * Sequence numbers are raw; times of the day are strings, for a double cannot hold them.
 */
#include "report.h"

#include <string.h>

#include "json.h"
#include "text.h"

/* Inline as json.h is, so that the line of a connection is written from registers. */

_Static_assert(sizeof(((struct tcphs_summary *)NULL)->history) + 2 <= JSON_VALUE_MAX, "history is a json_word()");

JSON_INLINE void put_address(struct json *json, const uint8_t address[16])
{
	char *to = json_before(json, "addr");

	*to++ = '"';
	to += text_address(to, address);
	*to++ = '"';
	json->at = to;
}

JSON_INLINE void put_endpoint(struct json *json, const char *key, const uint8_t address[16], uint16_t port)
{
	json_object(json, key);
	put_address(json, address);
	json_uint(json, "port", port);
	json_object_end(json);
}

/* A frame number; none is null. */
JSON_INLINE void put_ref(struct json *json, const char *key, tcphs_ref ref)
{
	if (ref)
		json_uint(json, key, ref);
	else
		json_null(json, key);
}

JSON_INLINE void put_if(struct json *json, const char *key, bool known, uint64_t value)
{
	if (known)
		json_uint(json, key, value);
	else
		json_null(json, key);
}

JSON_INLINE void put_ecn_auth(struct json *json, unsigned ecn, unsigned auth)
{
	json_word(json, "ecn", tcphs_ecn_word((enum tcphs_ecn)ecn));
	json_word(json, "auth", tcphs_auth_word((enum tcphs_auth)auth));
}

JSON_INLINE void put_offer(struct json *json, const char *key, const struct tcphs_offer *offer)
{
	if (!offer->present) {
		json_null(json, key);
		return;
	}
	json_object(json, key);
	put_if(json, "mss", offer->has_mss, offer->mss);
	put_if(json, "wscale", offer->has_wscale, offer->wscale);
	json_bool(json, "sack", offer->sack);
	json_bool(json, "timestamps", offer->timestamps);
	put_if(json, "fast_open", offer->fast_open, offer->cookie_length);
	json_bool(json, "mptcp", offer->mptcp);
	put_ecn_auth(json, offer->ecn, offer->auth);
	json_object_end(json);
}

JSON_INLINE void put_both(struct json *json, const char *key, unsigned to_client, unsigned to_server)
{
	json_object(json, key);
	json_uint(json, "to_client", to_client);
	json_uint(json, "to_server", to_server);
	json_object_end(json);
}

JSON_INLINE void put_agreed(struct json *json, const struct tcphs_agreement *agreed)
{
	if (!agreed->present) {
		json_null(json, "agreed");
		return;
	}
	json_object(json, "agreed");
	put_both(json, "mss", agreed->mss_to_client, agreed->mss_to_server);
	if (agreed->has_wscale)
		put_both(json, "wscale", agreed->wscale_to_client, agreed->wscale_to_server);
	else
		json_null(json, "wscale");
	json_bool(json, "sack", agreed->sack);
	json_bool(json, "timestamps", agreed->timestamps);
	json_bool(json, "fast_open", agreed->fast_open);
	json_bool(json, "mptcp", agreed->mptcp);
	put_ecn_auth(json, agreed->ecn, agreed->auth);
	json_object_end(json);
}

JSON_INLINE void put_finding(struct json *json, const struct policy *policy, const struct tcphs_finding *finding,
                             const struct tcphs_summary *summary)
{
	enum tcphs_severity severity = (enum tcphs_severity)policy->severity[finding->rule];
	char text[REPORT_SENTENCE];

	tcphs_finding_format(text, sizeof(text), finding, summary);
	json_object(json, NULL);
	json_word(json, "id", tcphs_rule_info((enum tcphs_rule)finding->rule)->id);
	json_word(json, "severity", tcphs_severity_word(severity));
	put_ref(json, "frame", finding->at);
	put_ref(json, "related", finding->related);
	put_if(json, "expected", finding->numbers, finding->expected);
	put_if(json, "actual", finding->numbers, finding->actual);
	json_string(json, "text", text);
	json_object_end(json);
}

JSON_INLINE void put_judgement(struct json *json, const struct tcphs_judgement *judgement)
{
	json_word(json, "verdict", tcphs_verdict_word((enum tcphs_verdict)judgement->verdict));
	json_word(json, "reason", tcphs_reason_word((enum tcphs_reason)judgement->reason));
	json_word(json, "blame", tcphs_blame_word((enum tcphs_blame)judgement->blame));
	json_array(json, "steps");
	for (int step = 0; step < 3; step++)
		put_ref(json, NULL, judgement->steps[step]);
	json_array_end(json);
}

JSON_INLINE void put_numbers(struct json *json, const struct tcphs_summary *summary)
{
	json_object(json, "isn");
	put_if(json, "client", summary->has_isn[TCPHS_CLIENT], summary->isn[TCPHS_CLIENT]);
	put_if(json, "server", summary->has_isn[TCPHS_SERVER], summary->isn[TCPHS_SERVER]);
	json_object_end(json);
	json_object(json, "rtt");
	json_interval(json, "server", summary->rtt_server);
	json_interval(json, "client", summary->rtt_client);
	json_interval(json, "total", summary->rtt_total);
	json_object_end(json);
}

JSON_INLINE void put_outcome(struct json *json, const struct policy *policy, const struct tcphs_summary *summary)
{
	json_object(json, "offer");
	put_offer(json, "client", &summary->offer[TCPHS_CLIENT]);
	put_offer(json, "server", &summary->offer[TCPHS_SERVER]);
	json_object_end(json);
	put_agreed(json, &summary->agreed);
	json_word(json, "closed", tcphs_closed_word((enum tcphs_closed)summary->judgement.closed));
	json_uint(json, "completeness", summary->judgement.completeness);
	json_object(json, "zeek");
	json_word(json, "conn_state", summary->conn_state);
	json_word(json, "history", summary->history);
	json_object_end(json);
	json_array(json, "findings");
	for (size_t i = 0; i < summary->finding_count; i++)
		put_finding(json, policy, &summary->findings[i], summary);
	json_array_end(json);
}

static bool ndjson_connection(struct report *report, const struct report_input *input,
                              const struct tcphs_summary *summary, const char *encap)
{
	struct json json;

	json_begin(&json, report->out);
	json_object(&json, NULL);
	json_word(&json, "type", "connection");
	json_string(&json, "file", input->path);
	json_uint(&json, "stream", summary->stream);
	json_uint(&json, "incarnation", summary->incarnation);
	put_endpoint(&json, "client", summary->key.src, summary->key.sport);
	put_endpoint(&json, "server", summary->key.dst, summary->key.dport);
	json_string(&json, "encap", encap);
	json_uint(&json, "first_frame", summary->first);
	json_uint(&json, "last_frame", summary->last);
	json_uint(&json, "frames", summary->frames);
	json_uint(&json, "late", summary->late);
	json_timestamp(&json, "start", summary->start);
	put_judgement(&json, &summary->judgement);
	put_numbers(&json, summary);
	put_outcome(&json, report->policy, summary);
	json_object_end(&json);
	json_line(&json);
	return true;
}

static gboolean put_count(gpointer word, gpointer frames, gpointer json)
{
	json_uint(json, word, *(const uint64_t *)frames);
	return FALSE;
}

static void put_joined(struct json *json, char *const *names)
{
	if (!names) {
		json_string(json, "joined", NULL);
		return;
	}
	json_array(json, "joined");
	for (; *names; names++)
		json_string(json, NULL, *names);
	json_array_end(json);
}

static void ndjson_input_end(struct report *report, const struct report_input *input)
{
	struct json json;
	const struct tally *tally = &input->tally;

	json_begin(&json, report->out);
	json_object(&json, NULL);
	json_word(&json, "type", "file");
	json_string(&json, "file", input->path);
	json_uint(&json, "frames", tally->frames);
	json_uint(&json, "tcp_segments", tally->segments);
	json_uint(&json, "connections", tally->connections);
	json_uint(&json, "ignored", tally->ignored);
	json_uint(&json, "known", tally->known);
	json_object(&json, "verdicts");
	for (int verdict = 0; verdict < TCPHS_VERDICTS; verdict++)
		if (tally->verdicts[verdict])
			json_uint(&json, tcphs_verdict_word((enum tcphs_verdict)verdict), tally->verdicts[verdict]);
	json_object_end(&json);
	json_object(&json, "not_decoded");
	g_tree_foreach(tally->not_decoded, put_count, &json);
	json_object_end(&json);
	json_string(&json, "damaged", input->damaged);
	json_uint(&json, "filtered", tally->filtered);
	put_joined(&json, input->joined);
	json_uint(&json, "evicted", tally->evicted);
	json_object_end(&json);
	json_line(&json);
}

static void put_quality(struct json *json, uint32_t quality)
{
	json_array(json, "quality");
	for (unsigned bit = 1; bit < 1u << TCPHS_ISN_BITS; bit <<= 1)
		if (quality & bit)
			json_word(json, NULL, tcphs_isn_word(bit));
	json_array_end(json);
}

static void ndjson_host(struct report *report, const struct tcphs_host *host)
{
	struct json json;

	json_begin(&json, report->out);
	json_object(&json, NULL);
	json_word(&json, "type", "host");
	put_address(&json, host->address);
	json_uint(&json, "samples", host->samples);
	put_if(&json, "gcd", host->samples > 1, host->gcd);
	put_if(&json, "isr", host->isr != TCPHS_ISN_NOT_KNOWN, host->isr);
	put_if(&json, "sp", host->sp != TCPHS_ISN_NOT_KNOWN, host->sp);
	put_if(&json, "step", host->pattern & TCPHS_ISN_CONSTANT_STEP, host->step);
	put_if(&json, "rate", host->pattern & TCPHS_ISN_CLOCK, host->rate);
	json_uint(&json, "repeated", host->repeated);
	put_quality(&json, host->quality);
	json_object_end(&json);
	json_line(&json);
}

static void put_example(struct json *json, const struct example *example)
{
	json_object(json, NULL);
	json_string(json, "file", example->file);
	json_uint(json, "stream", example->stream);
	json_uint(json, "incarnation", example->incarnation);
	json_string(json, "text", example->text);
	json_object_end(json);
}

static void ndjson_expected(struct report *report, const struct expected *expected)
{
	struct json json;
	char *text = expected_text(expected);

	json_begin(&json, report->out);
	json_object(&json, NULL);
	json_word(&json, "type", "expectation");
	json_string(&json, "name", expected->expectation->name);
	json_bool(&json, "held", expected_held(expected));
	json_uint(&json, "connections", expected->chosen);
	json_uint(&json, "fitting", expected->fitting);
	json_string(&json, "text", text);
	json_array(&json, "examples");
	for (guint i = 0; i < expected->examples->len; i++)
		put_example(&json, g_ptr_array_index(expected->examples, i));
	json_array_end(&json);
	json_object_end(&json);
	json_line(&json);
	g_free(text);
}

static void ndjson_del(struct report *report)
{
	g_free(report);
}

struct report *report_ndjson_new(void)
{
	struct report *report = g_new0(struct report, 1);

	report->connection = ndjson_connection;
	report->input_end = ndjson_input_end;
	report->host = ndjson_host;
	report->expected = ndjson_expected;
	report->del = ndjson_del;
	return report;
}
