/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * format.c - findings and arithmetic as sentences.
 *
 * Theory of operation. A finding is a few numbers; what they mean depends on the rule, so each rule has a row here: a
 * sentence for findings with numbers, one for those without, or a function where the words depend on the rest of the
 * connection. A rule without a row falls back to its title, so a new rule is never silent. In a sentence,
 *
 *   %w  who is spoken of, client or server    %p  the other one
 *   %e  the expected number    %a  the actual one    %o  "off by -1", actual against expected
 *   %k  the expected number as a sum on the ISN of %w: "4322 = 4321 + 1 (SYN)"; %q the same on that of %p
 *   %t  how long after the related segment: " after 0.3 ms", or nothing
 *
 * A finding about a RST often has no numbers to compare, so it may use these members for %t and for the kind of RST:
 * with .numbers clear, .expected holds the control bits of the RST and .actual the microseconds since the related
 * segment (UINT32_MAX where that is too long or not known).
 *
 * No frame numbers are written, because a ref is the caller's: front ends print them. All sums are modulo 2^32, and all
 * times are printed by integer arithmetic, so that the same capture gives the same octets everywhere. Nothing is
 * written past |size|; the length that was wanted is counted on, as snprintf does.
 */
#include "tcphs.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/** struct text: a buffer being written, and what would have been written had it no end. */
struct text {
	char *buffer;
	size_t size, used;
};

static void put_octets(struct text *text, const char *octets, size_t count)
{
	size_t room = text->used + 1 < text->size ? text->size - text->used - 1 : 0;

	if (room > 0) {
		if (room > count)
			room = count;
		memcpy(text->buffer + text->used, octets, room);
		text->buffer[text->used + room] = '\0';
	}
	text->used += count;
}

static void put_word(struct text *text, const char *word)
{
	put_octets(text, word, strlen(word));
}

static void put_number(struct text *text, uint64_t number)
{
	char digits[20], *first = digits + sizeof(digits);

	do
		*--first = (char)('0' + number % 10);
	while (number /= 10);
	put_octets(text, first, (size_t)(digits + sizeof(digits) - first));
}

/** put(): as printf does, but of its directives it knows %s and %u only: no more is needed here. There is a sentence or
 * two for each failed connection, and sums for every segment that is shown. */
__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...)
{
	const char *directive;
	va_list arguments;

	va_start(arguments, format);
	for (; (directive = strchr(format, '%')) != NULL; format = directive + 2) {
		put_octets(text, format, (size_t)(directive - format));
		if (directive[1] == 'u')
			put_number(text, va_arg(arguments, unsigned));
		else
			put_word(text, va_arg(arguments, const char *));
	}
	va_end(arguments);
	put_word(text, format);
}

static struct text text_over(char *buffer, size_t size)
{
	if (size > 0)
		buffer[0] = '\0';
	return (struct text){.buffer = buffer, .size = size};
}

/* ---- numbers ------------------------------------------------------------------------------------ */

/** distance(): |actual| - |expected| on the circle of sequence numbers: -2^31 ... 2^31 - 1. */
static int64_t distance(uint32_t actual, uint32_t expected)
{
	uint32_t ahead = actual - expected;

	return ahead <= INT32_MAX ? (int64_t)ahead : (int64_t)ahead - (INT64_C(1) << 32);
}

/** put_off(): "off by -1". */
static void put_off(struct text *text, int64_t off)
{
	put_word(text, off < 0 ? "off by -" : "off by +");
	put_number(text, (uint64_t)(off < 0 ? -off : off));
}

/** put_fraction(): thousandths as "30.5", with at least |least| decimals (0 or 1). */
static void put_fraction(struct text *text, uint64_t thousandths, size_t least)
{
	unsigned rest = thousandths % 1000;
	const char decimals[] = {'.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10), (char)('0' + rest % 10)};
	size_t digits = 3;

	while (digits > least && decimals[digits] == '0')
		digits--;
	put_number(text, thousandths / 1000);
	if (digits > 0)
		put_octets(text, decimals, 1 + digits);
}

/** put_interval(): "0.3 ms" below a second, else "1.024 s". */
static void put_interval(struct text *text, uint64_t microseconds)
{
	bool small = microseconds < 1000000;

	put_fraction(text, small ? microseconds : (microseconds + 500) / 1000, small ? 0 : 1);
	put_word(text, small ? " ms" : " s");
}

/** put_times(): "0, 1.0, 3.0 s", counted from the first; nothing for fewer than two. */
static void put_times(struct text *text, const tcphs_time *times, uint32_t known, uint32_t count)
{
	if (known > TCPHS_TRIES)
		known = TCPHS_TRIES;
	if (known < 2)
		return;
	put_word(text, "0");
	for (uint32_t i = 1; i < known; i++) {
		/* Timestamps may be anything and need not rise: subtract where overflow is defined. */
		uint64_t later = (uint64_t)times[i] - (uint64_t)times[0];
		bool before = times[i] < times[0];

		put_word(text, before ? ", -" : ", ");
		later = before ? 0 - later : later;
		put_fraction(text, later / 1000000 + (later % 1000000 >= 500000), 1);
	}
	put_word(text, " s");
	if (count > known)
		put(text, " and %" PRIu32 " more", count - known);
}

size_t tcphs_interval_format(char *buffer, size_t size, tcphs_time interval)
{
	struct text text = text_over(buffer, size);
	uint64_t length = interval < 0 ? 0 - (uint64_t)interval : (uint64_t)interval;

	if (interval < 0)
		put_word(&text, "-");
	put_interval(&text, length / 1000 + (length % 1000 >= 500));
	return text.used;
}

size_t tcphs_tries_format(char *buffer, size_t size, const tcphs_time *times, uint32_t known, uint32_t count)
{
	struct text text = text_over(buffer, size);

	put_times(&text, times, known, count);
	return text.used;
}

/* ---- arithmetic of a segment -------------------------------------------------------------------- */

/** struct sum: one compared number of a segment and how its expected value comes about. */
struct sum {
	const char *name;
	uint32_t actual, expected, base;
	bool syn, fin, syn_data;
};

/** put_sum(): "4422 = 4321 + 1 (SYN) + 100 (data in SYN)"; just the number where there is nothing to add. */
static void put_sum(struct text *text, const struct sum *sum)
{
	uint32_t data = sum->expected - sum->base - (sum->syn ? 1 : 0) - (sum->fin ? 1 : 0);

	put_number(text, sum->expected);
	if (sum->expected == sum->base)
		return;
	put_word(text, " = ");
	put_number(text, sum->base);
	if (sum->syn)
		put_word(text, " + 1 (SYN)");
	if (data != 0) {
		put_word(text, " + ");
		put_number(text, data);
		put_word(text, sum->syn_data ? " (data in SYN)" : " (data)");
	}
	if (sum->fin)
		put_word(text, " + 1 (FIN)");
}

/** must_match(): phases in which another number than the expected one is wrong, not merely old or ahead. */
static bool must_match(uint8_t phase)
{
	return phase == TCPHS_PHASE_SYNACK || phase == TCPHS_PHASE_ACK || phase == TCPHS_PHASE_RST ||
	       phase == TCPHS_PHASE_OUT_OF_PLACE;
}

/** put_compared(): a number against its sum; |older| says what it means to lie below. */
static void put_compared(struct text *text, const struct sum *sum, bool strict, const char *older)
{
	int64_t off = distance(sum->actual, sum->expected);

	if (off == 0) {
		put_word(text, sum->name);
		put_word(text, " ");
		put_sum(text, sum);
	} else if (strict) {
		put(text, "%s %" PRIu32 ", expected ", sum->name, sum->actual);
		put_sum(text, sum);
		put_word(text, ", ");
		put_off(text, off);
	} else if (off < 0) {
		put(text, "%s %" PRIu32 ", %" PRIu32 " below %" PRIu32 "%s",
		    sum->name, sum->actual, (uint32_t)-off, sum->expected, older);
	} else {
		put(text, "%s %" PRIu32 ", %" PRIu32 " above %" PRIu32,
		    sum->name, sum->actual, (uint32_t)off, sum->expected);
	}
}

size_t tcphs_arithmetic_format(char *buffer, size_t size, const struct tcphs_mark *mark,
                               const struct tcphs_segment *segment)
{
	struct text text = text_over(buffer, size);
	const struct sum seq = {
		.name = "seq", .actual = segment->seq, .expected = mark->seq_expected, .base = mark->seq_base,
		.syn = mark->terms & TCPHS_TERM_SEQ_SYN, .fin = mark->terms & TCPHS_TERM_SEQ_FIN,
	};
	const struct sum ack = {
		.name = "ack", .actual = segment->ack, .expected = mark->ack_expected, .base = mark->ack_base,
		.syn = mark->terms & TCPHS_TERM_ACK_SYN, .fin = mark->terms & TCPHS_TERM_ACK_FIN,
		.syn_data = mark->terms & TCPHS_TERM_SYN_DATA,
	};
	bool strict = must_match(mark->phase);

	if (mark->terms & TCPHS_TERM_ISN)
		put(&text, "seq %" PRIu32 " = ISN", segment->seq);
	else if (mark->terms & TCPHS_TERM_SEQ)
		put_compared(&text, &seq, strict, " (sent before)");
	if (mark->terms & TCPHS_TERM_ACK) {
		if (text.used > 0)
			put_word(&text, ", ");
		put_compared(&text, &ack, strict, "");
	}
	return text.used;
}

/* ---- findings ----------------------------------------------------------------------------------- */

static const char *const role_words[2] = {[TCPHS_CLIENT] = "client", [TCPHS_SERVER] = "server"};

/** struct saying: what is being said, and where to. */
struct saying {
	struct text *text;
	const struct tcphs_finding *finding;
	const struct tcphs_summary *summary;
};

static enum tcphs_role role_of(const struct saying *s)
{
	return s->finding->side == s->summary->judgement.client ? TCPHS_CLIENT : TCPHS_SERVER;
}

/**
 * put_expected(): the expected number as a sum on the ISN of |role|, or alone where it is not near that ISN: an
 * earlier attempt had another one. Near is the most that one segment can carry.
 */
static void put_expected(const struct saying *s, uint32_t expected, enum tcphs_role role)
{
	uint32_t above = expected - s->summary->isn[role];
	struct sum sum = {.expected = expected, .base = expected, .syn_data = true};

	if (s->summary->has_isn[role] && above > 0 && above <= 65536) {
		sum.base = s->summary->isn[role];
		sum.syn = true;
	}
	put_sum(s->text, &sum);
}

/** rst_known(): the finding tells the control bits and the delay of a RST (see the top of this file). */
static bool rst_known(const struct tcphs_finding *finding)
{
	return !finding->numbers && (finding->expected & TCPHS_RST) && finding->expected <= TCPHS_FLAGS;
}

/** differ(): there are numbers, and they say what is wrong. */
static bool differ(const struct tcphs_finding *finding)
{
	return finding->numbers && finding->actual != finding->expected;
}

static void put_expansion(const struct saying *s, char what)
{
	enum tcphs_role who = role_of(s);
	enum tcphs_role peer = who == TCPHS_CLIENT ? TCPHS_SERVER : TCPHS_CLIENT;

	switch (what) {
	case 'w':
		put_word(s->text, role_words[who]);
		break;
	case 'p':
		put_word(s->text, role_words[peer]);
		break;
	case 'e':
		put_number(s->text, s->finding->expected);
		break;
	case 'a':
		put_number(s->text, s->finding->actual);
		break;
	case 'o':
		put_off(s->text, distance(s->finding->actual, s->finding->expected));
		break;
	case 'k':
		put_expected(s, s->finding->expected, who);
		break;
	case 'q':
		put_expected(s, s->finding->expected, peer);
		break;
	case 't':
		if (rst_known(s->finding) && s->finding->actual != UINT32_MAX) {
			put_word(s->text, " after ");
			put_interval(s->text, s->finding->actual);
		}
		break;
	default:
		put_octets(s->text, &what, 1);
		break;
	}
}

/** put_sentence(): writes a row's sentence, its expansions filled in. */
static void put_sentence(const struct saying *s, const char *sentence)
{
	while (*sentence != '\0') {
		size_t plain = strcspn(sentence, "%");

		put_octets(s->text, sentence, plain);
		sentence += plain;
		if (sentence[0] == '%' && sentence[1] != '\0') {
			put_expansion(s, sentence[1]);
			sentence += 2;
		}
	}
}

/** put_tries(): "SYN at 0, 1.0, 3.0 s" or "SYN once", of the client; the same of SYN-ACK, of the server. */
static void put_tries(const struct saying *s, enum tcphs_role role)
{
	const struct tcphs_summary *c = s->summary;
	bool client = role == TCPHS_CLIENT;
	uint32_t count = client ? c->syn_count : c->synack_count;

	put_word(s->text, client ? "SYN" : "SYN-ACK");
	if (count == 1)
		put_word(s->text, " once");
	else if ((client ? c->tries : c->synack_tries) >= 2)
		put_word(s->text, " at ");
	put_times(s->text, client ? c->syn_time : c->synack_time, client ? c->tries : c->synack_tries, count);
}

/** say_again(): the same SYN or SYN-ACK again; times are kept of the client's SYN and the server's SYN-ACK only. */
static void say_again(const struct saying *s)
{
	bool syn = s->finding->rule == TCPHS_RULE_SYN_AGAIN;
	enum tcphs_role sender = syn ? TCPHS_CLIENT : TCPHS_SERVER;

	put_sentence(s, syn ? "%w sent the same SYN again" : "%w sent the same SYN-ACK again");
	if (role_of(s) == sender && (syn ? s->summary->syn_count : s->summary->synack_count) > 1) {
		put_word(s->text, ": ");
		put_tries(s, sender);
	}
}

static void say_syn_unanswered(const struct saying *s)
{
	put_word(s->text, "client sent ");
	put_tries(s, TCPHS_CLIENT);
	put_word(s->text, "; no answer");
}

static void say_final_ack_missing(const struct saying *s)
{
	put_word(s->text, "server sent ");
	put_tries(s, TCPHS_SERVER);
	if (s->finding->numbers)
		put(s->text, "; client acknowledged %" PRIu32 " instead of %" PRIu32, s->finding->actual,
		    s->finding->expected);
	else
		put_word(s->text, "; client never acknowledged it");
}

static void say_final_ack_ignored(const struct saying *s)
{
	put_word(s->text, "server sent its SYN-ACK again after the client's ACK");
	if (s->summary->synack_count > 1) {
		put_word(s->text, ": ");
		put_tries(s, TCPHS_SERVER);
	}
}

static void say_capture_ended(const struct saying *s)
{
	bool answered = s->summary->synack_count > 0;

	put_word(s->text, answered ? "server sent " : "client sent ");
	put_tries(s, answered ? TCPHS_SERVER : TCPHS_CLIENT);
	put(s->text, "; the capture ended before %s was due", answered ? "the final ACK" : "an answer");
}

static void say_aborted(const struct saying *s)
{
	put_sentence(s, "%w answered the SYN-ACK with RST%t");
	/* 3.10.7.1: a host answers what belongs to no connection of its own with a RST that has no ACK flag. */
	if (rst_known(s->finding)) {
		put_word(s->text, s->finding->expected & TCPHS_ACK
		                          ? ": RST with ACK, its program gave up"
		                          : ": RST without ACK, its host knows of no such connection");
	}
}

static void say_rst_bad(const struct saying *s)
{
	if (differ(s->finding))
		put_sentence(s, "%w's RST acknowledges %a, expected %q: %o, so the %p ignores it");
	else if (rst_known(s->finding) && !(s->finding->expected & TCPHS_ACK))
		put_sentence(s, "%w's RST has no ACK flag, so the %p ignores it");
	else
		put_sentence(s, "%w's RST does not fit, so the %p ignores it");
}

static void say_simultaneous(const struct saying *s)
{
	put_word(s->text, "both endpoints sent SYN");
	if (s->summary->has_isn[TCPHS_CLIENT] && s->summary->has_isn[TCPHS_SERVER])
		put(s->text, ": client's ISN %" PRIu32 ", server's ISN %" PRIu32,
		    s->summary->isn[TCPHS_CLIENT], s->summary->isn[TCPHS_SERVER]);
}

static void say_fast_open(const struct saying *s)
{
	uint32_t isn = s->summary->isn[TCPHS_CLIENT];
	uint32_t taken = s->finding->actual - isn - 1, sent = s->finding->expected - isn - 1;

	if (!s->finding->numbers || !s->summary->has_isn[TCPHS_CLIENT] || sent > 65535 || taken > sent)
		put_word(s->text, "server acknowledged data in the SYN");
	else if (taken == sent)
		put(s->text, "server acknowledged the %" PRIu32 " octets of data in the SYN", sent);
	else
		put(s->text, "server acknowledged %" PRIu32 " of %" PRIu32 " octets of data in the SYN", taken, sent);
}

static void say_reordered(const struct saying *s)
{
	const tcphs_ref *step = s->summary->judgement.steps;
	bool synack = step[0] != 0 && step[1] != 0 && step[1] < step[0];
	bool ack = step[1] != 0 && step[2] != 0 && step[2] < step[1];

	put_word(s->text, "steps captured out of order");
	if (synack)
		put_word(s->text, ": SYN-ACK before SYN");
	if (ack)
		put(s->text, "%s ACK before SYN-ACK", synack ? "," : ":");
}

static void say_lost_state(const struct saying *s)
{
	/* The blame falls on who has forgotten; the finding's side may be either one's. */
	if (s->summary->judgement.blame == TCPHS_BLAME_CLIENT)
		put_word(s->text, "client has forgotten the connection that the server still has");
	else if (s->summary->judgement.blame == TCPHS_BLAME_SERVER)
		put_word(s->text, "server has forgotten the connection that the client still has");
	else
		put_word(s->text, "one endpoint has forgotten the connection that the other still has");
	if (s->finding->numbers)
		put_sentence(s, ": acknowledges %a, expected %e");
}

static void say_superseded(const struct saying *s)
{
	put_word(s->text, "a newer SYN took the place of the attempt");
	if (s->summary->has_isn[TCPHS_CLIENT])
		put(s->text, " with ISN %" PRIu32, s->summary->isn[TCPHS_CLIENT]);
}

static void say_one_sided(const struct saying *s)
{
	if (s->summary->syn_count > 0 && s->summary->synack_count == 0)
		put_word(s->text, "only segments of the client were captured");
	else if (s->summary->syn_count == 0 && s->summary->synack_count > 0)
		put_word(s->text, "only segments of the server were captured");
	else
		put_word(s->text, "only segments of one endpoint were captured");
}

static void say_slow(const struct saying *s)
{
	/* .actual: microseconds from the first SYN of the attempt to the ACK */
	put_word(s->text, "from SYN to ACK in ");
	put_interval(s->text, s->finding->actual);
}

/** put_address(): as inet_ntop does; IPv4 where it is mapped. */
static void put_address(struct text *text, const uint8_t address[16])
{
	char words[INET6_ADDRSTRLEN];
	bool ipv4 = tcphs_is_ipv4(address);

	if (inet_ntop(ipv4 ? AF_INET : AF_INET6, ipv4 ? address + 12 : address, words, sizeof(words)))
		put_word(text, words);
}

static void say_icmp(const struct saying *s)
{
	const struct tcphs_icmp *icmp = &s->summary->icmp;

	put(s->text, "%s, says ", tcphs_icmp_words(icmp->icmpv6, icmp->type, icmp->code));
	put_address(s->text, icmp->sender);
	put(s->text, " of the %s (%s type %u, code %u)", icmp->of_synack ? "SYN-ACK" : "SYN",
	    icmp->icmpv6 ? "ICMPv6" : "ICMP", icmp->type, icmp->code);
}

/* Of a repeated ISN, .actual is how many connections had it and .expected how many of them were completed by then. */
static void say_isn_repeated(const struct saying *s)
{
	put_sentence(s, "%w used one ISN for %a connections");
	if (s->finding->expected == 0)
		put_word(s->text, ", none of them completed so far, as a scanner does");
	else
		put_sentence(s, ", %e of them completed");
}

/* Of predictable ISNs, .actual is the kind of pattern, TCPHS_ISN_*, and .expected its number. */
static void say_isn_predictable(const struct saying *s)
{
	put_sentence(s, "%w's ISNs can be predicted: ");
	if (s->finding->actual == TCPHS_ISN_CONSTANT_STEP && s->finding->expected == 0)
		put_word(s->text, "each is the same");
	else if (s->finding->actual == TCPHS_ISN_CONSTANT_STEP)
		put_sentence(s, "each is %e above the one before");
	else if (s->finding->actual == TCPHS_ISN_CLOCK)
		put_sentence(s, "they grow with the clock, by %e a second");
	else
		put_sentence(s, "they differ by multiples of %e");
}

/** struct sentences: what to say of a rule. |say| if set; else |numbers| if the finding's differ; else |plain|. */
struct sentences {
	const char *numbers, *plain;
	void (*say)(const struct saying *s);
};

static const struct sentences sentences[TCPHS_RULES] = {
	[TCPHS_RULE_FLAGS_SYN_FIN] = {.plain = "%w sent SYN and FIN in one segment"},
	[TCPHS_RULE_FLAGS_SYN_RST] = {.plain = "%w sent SYN and RST in one segment"},
	[TCPHS_RULE_FLAGS_NULL] = {.plain = "%w sent a segment without any flag"},
	[TCPHS_RULE_FLAGS_XMAS] = {.plain = "%w sent FIN, PSH and URG in one segment"},
	[TCPHS_RULE_SYN_AGAIN] = {.say = say_again},
	[TCPHS_RULE_SYN_NEW_ISN] = {
		.numbers = "%w sent SYN with ISN %a; the one with ISN %e was not answered",
		.plain = "%w sent another SYN, with a new ISN; the earlier one was not answered",
	},
	[TCPHS_RULE_SYNACK_BAD_ACK] = {
		.numbers = "SYN-ACK acknowledges %a, expected %q: %o",
		.plain = "SYN-ACK does not acknowledge the SYN",
	},
	[TCPHS_RULE_SYNACK_WITHOUT_SYN] = {.plain = "%w sent SYN-ACK, and no SYN was captured before it"},
	[TCPHS_RULE_SYNACK_AGAIN] = {.say = say_again},
	[TCPHS_RULE_SYNACK_NEW_ISN] = {
		.numbers = "%w sent SYN-ACK with ISN %a after one with ISN %e",
		.plain = "%w sent SYN-ACK again, with another ISN",
	},
	[TCPHS_RULE_ACK_BAD_ACK] = {
		.numbers = "%w's ACK acknowledges %a, expected %q: %o",
		.plain = "%w's ACK does not acknowledge the %p's SYN",
	},
	[TCPHS_RULE_ACK_BAD_SEQ] = {
		.numbers = "%w's ACK has seq %a, expected %k: %o",
		.plain = "%w's ACK does not have the sequence number after its SYN",
	},
	[TCPHS_RULE_ACK_INFERRED] = {.plain = "%w's first good acknowledgment came with data or FIN"},
	[TCPHS_RULE_FINAL_ACK_IGNORED] = {.say = say_final_ack_ignored},
	[TCPHS_RULE_SIMULTANEOUS_OPEN] = {.say = say_simultaneous},
	[TCPHS_RULE_SPLIT_HANDSHAKE] = {.plain = "server answered the SYN with a SYN of its own, not with SYN-ACK"},
	[TCPHS_RULE_FAST_OPEN] = {.say = say_fast_open},
	[TCPHS_RULE_HANDSHAKE_REORDERED] = {.say = say_reordered},
	[TCPHS_RULE_FRAME_DUPLICATE] = {.plain = "one segment of the %w, captured twice"},
	[TCPHS_RULE_RST_REFUSED] = {.plain = "%w answered the SYN with RST%t"},
	[TCPHS_RULE_RST_BAD_ACK] = {.say = say_rst_bad},
	[TCPHS_RULE_SYN_UNANSWERED] = {.say = say_syn_unanswered},
	[TCPHS_RULE_FINAL_ACK_MISSING] = {.say = say_final_ack_missing},
	[TCPHS_RULE_ABORTED_AFTER_SYNACK] = {.say = say_aborted},
	[TCPHS_RULE_PEER_LOST_STATE] = {.say = say_lost_state},
	[TCPHS_RULE_PORT_REUSED] = {.plain = "%w opened a new connection on the ports of an earlier one"},
	[TCPHS_RULE_FLAGS_FIN_ALONE] = {.plain = "%w sent FIN without ACK"},
	[TCPHS_RULE_ACK_FIELD_WITHOUT_FLAG] = {
		/* actual: the field; expected: 0 */
		.numbers = "%w's segment has acknowledgment number %a but no ACK flag",
		.plain = "%w's segment has an acknowledgment number but no ACK flag",
	},
	[TCPHS_RULE_HEADER_BAD_LENGTH] = {.plain = "%w's header is shorter than 20 octets or longer than its segment"},
	[TCPHS_RULE_OPTIONS_MALFORMED] = {.plain = "%w's segment has an option with an impossible length"},
	[TCPHS_RULE_OPTION_REPEATED] = {.plain = "%w's segment has the same option twice"},
	[TCPHS_RULE_OPTION_ONLY_ON_SYN] = {.plain = "%w's segment has an option that belongs on a SYN"},
	[TCPHS_RULE_PORT_ZERO] = {.plain = "%w's segment is from or to port 0"},
	[TCPHS_RULE_CHECKSUM_BAD] = {.plain = "%w's segment has a wrong TCP checksum"},
	[TCPHS_RULE_LAND] = {.plain = "source and destination of the segment are the same"},
	[TCPHS_RULE_SYN_TO_GROUP] = {.plain = "%w sent SYN to a broadcast or multicast address"},
	[TCPHS_RULE_SYN_MANY_ISNS] = {
		/* actual: how many */
		.numbers = "%a SYNs with different ISNs between these endpoints within 60 s",
		.plain = "more than 5 SYNs with different ISNs between these endpoints within 60 s",
	},
	[TCPHS_RULE_SYN_FROM_SERVER] = {.plain = "%w sent a SYN of its own after its SYN-ACK"},
	[TCPHS_RULE_SYN_DATA] = {
		/* actual: octets */
		.numbers = "%w sent %a octets of data in the SYN, without Fast Open",
		.plain = "%w sent data in the SYN, without Fast Open",
	},
	[TCPHS_RULE_SYN_ISN_ZERO] = {.plain = "%w's ISN is 0"},
	[TCPHS_RULE_SYN_WINDOW_ZERO] = {.plain = "%w opens with window 0"},
	[TCPHS_RULE_SYN_MSS_ABSENT] = {.plain = "%w sent no MSS option"},
	[TCPHS_RULE_SYN_MSS_TINY] = {
		/* expected: 216; actual: the MSS */
		.numbers = "%w offers an MSS of %a, below %e",
		.plain = "%w offers a very small MSS",
	},
	[TCPHS_RULE_SYN_WSCALE_TOO_LARGE] = {
		/* expected: 14; actual: the shift */
		.numbers = "%w offers window scale %a, above %e",
		.plain = "%w offers a window scale above 14",
	},
	[TCPHS_RULE_SYN_TSECR_SET] = {
		/* expected: 0; actual: TSecr */
		.numbers = "%w's SYN echoes timestamp %a, expected %e",
		.plain = "%w's SYN echoes a timestamp",
	},
	[TCPHS_RULE_TFO_COOKIE_BAD_LENGTH] = {
		/* actual: octets */
		.numbers = "%w's Fast Open cookie is %a octets long; 4 to 16, even, are allowed",
		.plain = "%w's Fast Open cookie has an impossible length",
	},
	[TCPHS_RULE_SYNACK_FROM_CLIENT] = {.plain = "%w sent SYN-ACK after its own SYN, and the %p sent no SYN"},
	[TCPHS_RULE_SYNACK_NEW_ACK] = {
		/* expected: the earlier ack; actual: this one */
		.numbers = "%w's SYN-ACK acknowledges %a after one that acknowledged %e",
		.plain = "%w sent SYN-ACK again, with another acknowledgment",
	},
	[TCPHS_RULE_SYNACK_MANY_ISNS] = {
		/* actual: how many */
		.numbers = "%a SYN-ACKs with different ISNs between these endpoints within 60 s",
		.plain = "more than 5 SYN-ACKs with different ISNs between these endpoints within 60 s",
	},
	[TCPHS_RULE_SYNACK_DATA] = {
		/* actual: octets */
		.numbers = "%w sent %a octets of data in the SYN-ACK, without Fast Open",
		.plain = "%w sent data in the SYN-ACK, without Fast Open",
	},
	[TCPHS_RULE_SYNACK_UNOFFERED_OPTION] = {.plain = "%w's SYN-ACK has an option that the %p did not offer"},
	[TCPHS_RULE_SYNACK_TSECR_MISMATCH] = {
		/* expected: the SYN's TSval; actual: TSecr */
		.numbers = "%w's SYN-ACK echoes timestamp %a, the SYN's was %e",
		.plain = "%w's SYN-ACK echoes the timestamp of no SYN",
	},
	[TCPHS_RULE_TFO_DATA_IGNORED] = {
		/* expected: x + 1 + data; actual: the SYN-ACK's ack */
		.numbers = "%w acknowledges %a, expected %q: %o, data in the SYN was not taken",
		.plain = "%w did not take all data of the SYN",
	},
	[TCPHS_RULE_AUTH_MISMATCH] = {.plain = "MD5 or AO authentication on one side only, or on a SYN without answer"},
	[TCPHS_RULE_ECN_REFLECTED] = {.plain = "%w's SYN-ACK has the same ECN flags as the SYN"},
	[TCPHS_RULE_ACK_FROM_SERVER] = {.plain = "%w sent the ACK that the %p owes"},
	[TCPHS_RULE_DATA_BEFORE_ESTABLISHED] = {.plain = "%w sent data before the handshake was done"},
	[TCPHS_RULE_TIMESTAMPS_DROPPED] = {.plain = "%w's segment lacks the timestamps that both agreed on"},
	[TCPHS_RULE_MPTCP_KEY_MISSING] = {.plain = "%w's ACK lacks the Multipath TCP keys"},
	[TCPHS_RULE_HANDSHAKE_SLOW] = {.say = say_slow},
	[TCPHS_RULE_RST_OUT_OF_WINDOW] = {
		/* expected: the number its receiver waits for; actual: seq */
		.numbers = "%w's RST has seq %a, expected %e: %o, so the %p did not take it",
		.plain = "%w's RST does not fit, so the %p did not take it",
	},
	[TCPHS_RULE_TTL_CHANGED] = {
		/* expected: TTL of the sender's other segments; actual: this one's */
		.numbers = "%w's segment has TTL %a, its others have %e",
		.plain = "%w's segment has another TTL than its others",
	},
	[TCPHS_RULE_SYN_ON_ESTABLISHED] = {.plain = "%w sent SYN in the open connection"},
	[TCPHS_RULE_SYNACK_ON_ESTABLISHED] = {.plain = "%w sent SYN-ACK in the open connection"},
	[TCPHS_RULE_CHALLENGE_ACK] = {.plain = "%w answered a segment that does not fit with a challenge ACK"},
	[TCPHS_RULE_RESET_AFTER_HANDSHAKE] = {.plain = "%w sent RST first thing after the handshake%t"},
	[TCPHS_RULE_DATA_UNACKNOWLEDGED] = {.plain = "%w's data was sent again and again and never acknowledged"},
	[TCPHS_RULE_TIME_WAIT_COLLISION] = {.plain = "%w's SYN met an older connection in TIME-WAIT"},
	[TCPHS_RULE_REUSE_ISN_NOT_GREATER] = {
		/* expected: least acceptable; actual: the ISN */
		.numbers = "%w reuses its ports with ISN %a, which is not at or above %e",
		.plain = "%w reuses its ports with an ISN that is not greater",
	},
	[TCPHS_RULE_OLD_DUPLICATE_SYN] = {.plain = "%w refused the answer to an old SYN and opened with a newer one"},
	[TCPHS_RULE_ISN_REPEATED] = {.say = say_isn_repeated},
	[TCPHS_RULE_ISN_PREDICTABLE] = {.say = say_isn_predictable},
	[TCPHS_RULE_ICMP_UNREACHABLE] = {.say = say_icmp},
	[TCPHS_RULE_SUPERSEDED] = {.say = say_superseded},
	[TCPHS_RULE_CAPTURE_MIDSTREAM] = {.plain = "the capture began after the handshake"},
	[TCPHS_RULE_CAPTURE_ONE_SIDED] = {.say = say_one_sided},
	[TCPHS_RULE_CAPTURE_ENDED] = {.say = say_capture_ended},
	[TCPHS_RULE_CAPTURE_TRUNCATED] = {.plain = "headers were cut off by the capture's snapshot length"},
	[TCPHS_RULE_ACK_OF_UNSEEN] = {
		.numbers = "%w's segment has %a where %e was expected; the capture missed what lies between",
		.plain = "%w's segment follows one that was not captured",
	},
};

size_t tcphs_finding_format(char *buffer, size_t size, const struct tcphs_finding *finding,
                            const struct tcphs_summary *summary)
{
	struct text text = text_over(buffer, size);
	const struct saying s = {.text = &text, .finding = finding, .summary = summary};
	const struct tcphs_rule_info *rule = tcphs_rule_info((enum tcphs_rule)finding->rule);
	const struct sentences *row;

	if (rule == NULL)
		return 0;
	row = &sentences[finding->rule];
	if (row->say != NULL) {
		row->say(&s);
	} else if (differ(finding) && row->numbers != NULL) {
		put_sentence(&s, row->numbers);
	} else if (row->plain != NULL) {
		put_sentence(&s, row->plain);
	} else {
		put_sentence(&s, "%w: ");
		put_word(&text, rule->title);
		if (finding->numbers)
			put_sentence(&s, " (%a, expected %e)");
	}
	return text.used;
}
