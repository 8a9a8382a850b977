/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_zeek.c - conn_state and history, as little tables of segments and letters.
 *
 * A row's segments read like "> S 0, < SA 0 1, > A 1 1 +10": who sent it (> is the first sender of the connection),
 * the flags of S F R A ("-" for none), the sequence number relative to the sender's ISN, the acknowledgment number
 * relative to the peer's, and what else is special: "+10" is ten octets of data, "w" a window of 0, "c" a bad
 * checksum, "h" a bad header, "o" options cut off by the snapshot length, "x20" the same segment twenty times.
 *
 * Every row is played with several ISNs, because letters must not depend on where the numbers wrap; and twice each
 * time, because the short way for ordinary segments must leave behind what the long way does.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "zeek.h"

/** Ports: whether the first sender's or the second's is one of a well-known service. */
enum ports { TO_SERVICE, FROM_SERVICE, NO_SERVICE, BOTH_UP, BOTH_DOWN, BOTH_SAME };

struct row {
	const char *segments;
	const char *conn_state;
	const char *history;
	enum ports ports;
};

/** sender_port(): what |side| sends from. */
static uint16_t sender_port(enum ports ports, unsigned side)
{
	static const uint16_t port[][2] = {
		[TO_SERVICE] = {49152, 80}, [FROM_SERVICE] = {443, 49152}, [NO_SERVICE] = {49152, 49200},
		[BOTH_UP] = {80, 443}, [BOTH_DOWN] = {443, 80}, [BOTH_SAME] = {80, 80},
	};

	return port[ports][side];
}

static uint16_t read_flags(const char *word)
{
	uint16_t flags = 0;

	for (; *word; word++)
		flags |= *word == 'S' ? TCPHS_SYN : *word == 'F' ? TCPHS_FIN : *word == 'R' ? TCPHS_RST :
			 *word == 'A' ? TCPHS_ACK : 0;
	return flags;
}

/** read_segment(): one segment of a row. @return how often it is sent. */
static unsigned read_segment(struct tcphs_segment *segment, unsigned *side, const char *text, const struct row *row,
                             const uint32_t isn[2])
{
	char **words = g_strsplit(g_strchug((char *)text), " ", 0);
	unsigned times = 1;

	g_assert_cmpuint(g_strv_length(words), >=, 3);
	memset(segment, 0, sizeof(*segment));
	*side = strcmp(words[0], ">") != 0;
	segment->have = TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS | TCPHS_HAVE_LENGTH;
	segment->sport = sender_port(row->ports, *side);
	segment->dport = sender_port(row->ports, !*side);
	segment->window = 1000;
	segment->flags = read_flags(words[1]);
	segment->seq = isn[*side] + (uint32_t)strtol(words[2], NULL, 10);
	for (char **word = words + 3; *word; word++) {
		switch (**word) {
		case '+': segment->length = (uint32_t)strtoul(*word + 1, NULL, 10); break;
		case 'w': segment->window = 0; break;
		case 'c': segment->checksum = TCPHS_CHECKSUM_BAD; break;
		case 'h': segment->have |= TCPHS_BAD_OFFSET; break;
		case 'o': segment->have &= (uint8_t)~TCPHS_HAVE_OPTIONS; break;
		case 'x': times = (unsigned)strtoul(*word + 1, NULL, 10); break;
		default: segment->ack = isn[!*side] + (uint32_t)strtol(*word, NULL, 10); break;
		}
	}
	g_strfreev(words);
	return times;
}

/** How many segments were put off. */
static unsigned put_off;

/** update_both(): the same segment put off, where it may be, and taken in at once. */
static void update_both(struct tcphs_zeek *either, struct tcphs_zeek *longer, unsigned side,
                        const struct tcphs_segment *segment)
{
	struct tcphs_zeek_numbers numbers[2];
	struct tcphs_segment summed = *segment;
	uint8_t waits[2];

	tcphs_segment_sum_up(&summed);
	for (unsigned i = 0; i < 2; i++)
		numbers[i] = (struct tcphs_zeek_numbers){either->endpoint[i].start, either->endpoint[i].last,
		                                         either->endpoint[i].acked};
	tcphs_zeek_waits(either, numbers, waits);
	if (summed.plain && !(segment->flags & TCPHS_FIN) && segment->checksum != TCPHS_CHECKSUM_BAD &&
	    segment->checksum != TCPHS_CHECKSUM_BAD_IP &&
	    tcphs_zeek_may_wait(waits[side], &numbers[side], &numbers[!side], segment)) {
		numbers[side].next += segment->length;
		numbers[!side].acked = segment->ack;
		tcphs_zeek_catch_up(either, numbers);
		put_off++;
	} else {
		tcphs_zeek_update(either, side, segment);
	}
	tcphs_zeek_update(longer, side, segment);
}

static void play(struct tcphs_zeek *zeek, const struct row *row, uint32_t first_isn, uint32_t second_isn)
{
	const uint32_t isn[2] = {first_isn, second_isn};
	char **list = g_strsplit(row->segments, ",", 0);
	struct tcphs_zeek longer;

	memset(zeek, 0, sizeof(*zeek));
	memset(&longer, 0, sizeof(longer));
	for (char **text = list; *text; text++) {
		struct tcphs_segment segment;
		unsigned side;
		unsigned times = read_segment(&segment, &side, *text, row, isn);

		while (times-- > 0)
			update_both(zeek, &longer, side, &segment);
	}
	g_assert_cmpmem(zeek, sizeof(*zeek), &longer, sizeof(longer));
	g_strfreev(list);
}

static void check_rows(const struct row *rows, size_t count)
{
	static const uint32_t isn[] = {1000, 0, UINT32_MAX, UINT32_MAX - 3, INT32_MAX, UINT32_MAX - 5000};

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < G_N_ELEMENTS(isn); k++) {
			struct tcphs_zeek zeek;

			play(&zeek, &rows[i], isn[k], isn[(k + 1) % G_N_ELEMENTS(isn)]);
			if (strcmp(tcphs_zeek_history(&zeek), rows[i].history) == 0 &&
			    strcmp(tcphs_zeek_conn_state(&zeek), rows[i].conn_state) == 0)
				continue;
			g_test_message("%s; ISN %u: %s %s, not %s %s", rows[i].segments, isn[k],
				       tcphs_zeek_conn_state(&zeek), tcphs_zeek_history(&zeek),
				       rows[i].conn_state, rows[i].history);
			g_test_fail();
		}
}

#define OPENED "> S 0, < SA 0 1, > A 1 1"

static void test_conn_states(void)
{
	static const struct row rows[] = {
		{OPENED ", > A 1 1 +10, < A 1 11, < A 1 11 +10, > FA 11 11, < FA 11 12", "SF", "ShADadFf", 0},
		{"> S 0, < SA 0 1", "S1", "Sh", 0},
		{OPENED ", > FA 1 1", "S2", "ShAF", 0},
		{OPENED ", < FA 1 1", "S3", "ShAf", 0},
		{"> S 0", "S0", "S", 0},
		{"> S 0, > A 1 1, > A 1 1 +5", "S0", "SAD", 0},
		{"> S 0, < RA 0 1", "REJ", "Sr", 0},
		{"> S 0, < SA 0 1, > R 1", "RSTO", "ShR", 0},
		{OPENED ", < R 1", "RSTR", "ShAr", 0},
		{"> S 0, > F 1, < SA 0 1, < R 1", "RSTR", "SFhr", 0},
		{"> A 1 1 +5, < R 1", "RSTRH", "Dr", 0},
		{"> R 1", "RSTRH", "^r", FROM_SERVICE},
		{"> S 0, > R 1", "RSTOS0", "SR", 0},
		{"> S 0, < A 9 5, > R 1", "RSTOS0", "SaR", 0},
		{"> S 0, < A 9 5, > F 1, > R 2", "OTH", "SaFR", 0},
		{"> R 1", "OTH", "R", 0},
		{"> A 1 1 +5, > A 6 1, > FA 6 1", "SH", "DAF", 0},
		{"> SA 0 1, > A 1 1 +5, > A 6 1, > FA 6 1", "SHR", "^hdaf", FROM_SERVICE},
		{"> A 1 1 +5, < A 1 6 +5, > A 6 6", "OTH", "DdA", 0},
		/* A RST of a side that is closed counts only until the other one is closed too. */
		{OPENED ", > FA 1 1, < FA 1 2, > A 2 2, < R 2", "SF", "ShAFfr", 0},
		{OPENED ", > FA 1 1, > R 2, < FA 1 2", "SF", "ShAFRf", 0},
		{OPENED ", > FRA 1 1, < FA 1 2", "RSTO", "ShAIf", 0},
		/* A SYN after something else of the same side. */
		{"> A 1 1, > S 50", "S0", "AS", 0},
		{"> A 1 1 h, < S 0, < R 1", "RSTOS0", "^SR", FROM_SERVICE},
		{"> A 1 1, > S 50, < A 1 2, < S 0, > R 51", "RSTRH", "^asASr", FROM_SERVICE},
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

/** Both sides reset: refused only if neither sent data, SYN and FIN aside. The one word that depends on the ISN. */
static void test_both_reset(void)
{
	static const struct row rows[] = {
		{"> R 1, < R 1", "REJ", "Rr", 0},
		{"> S 0, < RA 1 1, > R 1", "REJ", "SrR", 0},
		{"> S 0, > F 1, > R 2, < R 1", "REJ", "SFRr", 0},
		{"> A 1 1, < RA 1 500, > R 1", "REJ", "ArR", 0},
		{"> A 1 1 +5, > R 6, < R 1", "RSTR", "DRr", 0},
		{"> S 0, < RA -7000 1, > R 1", "REJ", "SrR", 0},
		/* Data at the number 0: it starts at 2^32 - 1, and Zeek finds no size without a wrap. */
		{"> A -1000 1 +5, > R -995, < R 1", "REJ", "DRr", 0},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct tcphs_zeek zeek;

		play(&zeek, &rows[i], 1000, 7000);
		g_assert_cmpstr(tcphs_zeek_history(&zeek), ==, rows[i].history);
		g_assert_cmpstr(tcphs_zeek_conn_state(&zeek), ==, rows[i].conn_state);
	}
}

/** An acknowledgment number that is 0 for no good reason says nothing of how far the peer came. */
static void test_ack_zero(void)
{
	static const struct row row = {"> A 1 1, < A 1 1073741824, > R 1, < R 1", NULL, NULL, NO_SERVICE};
	struct tcphs_zeek zeek;

	play(&zeek, &row, 0xC0000000, 7000);
	g_assert_cmpstr(tcphs_zeek_history(&zeek), ==, "AaRr");
	g_assert_cmpstr(tcphs_zeek_conn_state(&zeek), ==, "REJ");
}

static void test_roles(void)
{
	static const struct row rows[] = {
		/* By port: only where the first segment is no plain SYN. */
		{"> S 0", "S0", "S", FROM_SERVICE},
		{"> SA 0 1", "OTH", "^h", FROM_SERVICE},
		{"> SA 0 1", "OTH", "H", NO_SERVICE},
		{"> A 1 1 +5", "OTH", "^d", FROM_SERVICE},
		/* Both ports known: the lower one gives way, but never for a SYN-ACK. */
		{"> A 1 1 +5", "OTH", "^d", BOTH_UP},
		{"> A 1 1 +5", "OTH", "D", BOTH_DOWN},
		{"> A 1 1 +5", "OTH", "D", BOTH_SAME},
		{"> SA 0 1", "OTH", "H", BOTH_UP},
		{"> SA 0 1, < A 1 1, < A 1 1 +5, > A 1 6 +5, < FA 6 6, > A 6 7, > FA 6 7", "SF", "^hADdFaf",
		 FROM_SERVICE},
		/* A SYN-ACK that turns out to be the first of its connection: by what follows, from either side. */
		{"> SA 0 1, < A 1 1", "OTH", "^hA", NO_SERVICE},
		{"> SA 0 1, > A 1 1 +5", "OTH", "^hd", NO_SERVICE},
		{"> SA 0 1, < A 1 1, < S 0", "OTH", "^hA", NO_SERVICE},
		{"> SA 0 1, < A 1 1, > SA 0 1", "OTH", "^hAh", NO_SERVICE},
		{"> SA 0 1, < RA 1 1", "REJ", "Hr", NO_SERVICE},
		{"> SA 0 1, > A 1 1 +5, < A 1 6, > A 6 1 +5", "OTH", "^hdA", NO_SERVICE},
		{"> SA 0 1, < A 1 1 c, > A 1 1, > A 1 1 +5, > FA 6 1", "SH", "HcADF", NO_SERVICE},
		/* A SYN captured after the SYN-ACK that answers it. */
		{"> SA 0 1, < S 0, < A 1 1, < A 1 1 +5, > A 1 6, > A 1 6 +5, < FA 6 6, > FA 6 7", "SF", "Hs^ADadFf",
		 NO_SERVICE},
		{"> SA 0 1, < A 1 1, > FA 1 1, > A 1 1 +5, > A 1 1 +5, < FA 1 6, > R 7", "SF", "^hAfdtFr",
		 FROM_SERVICE},
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

static void test_flags(void)
{
	static const struct row rows[] = {
		/* A copy at the same place adds nothing, one elsewhere does. */
		{"> S 0, > S 0, < SA 0 1, < SA 0 1", "S1", "Sh", 0},
		{OPENED ", > FA 1 1, > FA 1 1", "S2", "ShAF", 0},
		{OPENED ", > FA 1 1, > FA 11 1", "S2", "ShAFF", 0},
		{OPENED ", > FA 11 1, > FA 1 1 +10", "S2", "ShAFT", 0},
		{OPENED ", > R 1, > R 1", "RSTO", "ShAR", 0},
		{OPENED ", > R 1, > R 9", "RSTO", "ShARR", 0},
		/* A SYN restarts the numbers, but not of a side that is over, unless all it ever sent was a RST. */
		{OPENED ", > S 100, > S 200", "S1", "ShA", 0},
		{OPENED ", > R 1, > S 100, > S 200", "RSTO", "ShARSS", 0},
		{"> R 5, > S 100, > S 200", "OTH", "RS", 0},
		{OPENED ", > FA 1 1, > S 9000000, > A 2 1 +5", "S2", "ShAFSD", 0},
		{OPENED ", > A 21 1 +10, > S 1000, > A 1001 1 +25", "S1", "ShAD", 0},
		/* Flags that exclude each other. */
		{"> SF 0, > SF 0", "SH", "Q", 0},
		{"> SR 0", "OTH", "Q", 0},
		{"> FR 0, > FR 0", "OTH", "I", 0},
		{"> SFR 0", "OTH", "I", 0},
		/* Data and acknowledgment; a segment with data is no A, one with neither is nothing. */
		{"> A 1 1 +5", "OTH", "D", 0},
		{"> - 1", "OTH", "", 0},
		{"> - 1 +5", "OTH", "D", 0},
		/* The payload of a RST takes no sequence numbers, so it cannot bring its side further: T, never D. */
		{OPENED ", > RA 1 1 +5", "RSTO", "ShART", 0},
		/* An acknowledgment before the SYN-ACK does not open anything. */
		{"> S 0, < A 5 9", "S0", "Sa", 0},
		{"> S 0, > A 1 9, < A 5 1, > A 1 5", "S0", "SAa", 0},
		{"> S 0, < A 5 9, < SA 0 1", "S1", "Sah", 0},
		{"> S 0, < A 1 1 +5", "OTH", "Sd", 0},
		/* A missing SYN-ACK, and a SYN-ACK with a wrong number. */
		{"> SA 0 1, < A 1 1", "S1", "^hA", FROM_SERVICE},
		{"> S 0, < SA 0 -5", "S1", "Sh", 0},
		{"> S 0, < SA 0 77", "S1", "ShG", 0},
		/* Both open at once. */
		{"> S 0, < S 0", "S1", "Ss", 0},
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

static void test_scaled(void)
{
	static const struct row rows[] = {
		{"> S 0 c", "OTH", "C", 0},
		{"> S 0 c x9", "OTH", "C", 0},
		{"> S 0 c x10", "OTH", "CC", 0},
		{"> S 0 c x999", "OTH", "CCC", 0},
		{"> S 0 c x1000", "OTH", "CCCC", 0},
		{"> S 0 c, < SA 0 1", "OTH", "Ch", 0},
		{"> S 0 h", "OTH", "", 0},
		{"> A 1 1 h", "OTH", "^", FROM_SERVICE},
		{"> S 0 h c, > S 0", "S0", "S", 0},
		{"> S 0 o, > S 0", "S0", "S", 0},
		{OPENED ", > A 1 1 +5, > A 6 1 +5 c, > A 6 1 +5", "S1", "ShADC", 0},
		{OPENED ", > A 1 1 +5, > A 6 1 +5 h, > A 6 1 +5", "S1", "ShAD", 0},
		{OPENED ", > A 1 1 +5, > A 6 1 +5 o, > A 6 1 +5", "S1", "ShAD", 0},
		{"> S 0 o", "OTH", "", 0},
		{OPENED ", > A 1 1 w x10", "S1", "ShAWW", 0},
		{OPENED ", > RA 1 1 w, > A 1 1 w", "RSTO", "ShAR", 0},
		{OPENED ", < FA 1 1, > A 1 2 w", "S3", "ShAf", 0},
		{OPENED ", > A 1 1 +5, > A 1 1 +5 x10", "S1", "ShADTT", 0},
		/* Once a side is reset, its numbers are not looked at. */
		{OPENED ", > RA 1 1, > A 1 1 +5, > A 1 1 +5", "RSTO", "ShARD", 0},
		/* Nothing but SYN and FIN of a side: the FIN says where it is, even backwards. */
		{"> S 0, > F -9, > A -8 1 +5", "SH", "SFD", 0},
		/* Around the numbers without data, and on. */
		{OPENED ", > A 1 1 +5, > A 1073741830 1, > A 2147483654 1, > A 3221225478 1, > A 4294967302 1, "
			"> A 6 1 +5", "S1", "ShAD", 0},
		{"> S 0 +10, < SA 0 1, > A 11 1, < A 1 1, < A 1 11", "S1", "SThAa", 0},
		{OPENED ", < FA 1 1, > A 1 2, > A 1 2147483700", "S3", "ShAf", 0},
		/* Data in a SYN always counts as sent again. */
		{"> S 0 +5", "S0", "ST", 0},
		{"> S 0, < SA 0 1 +5", "S1", "Sht", 0},
		/* The order within one segment. */
		{"> S 0 w +5", "S0", "SWT", 0},
		{"> SA 0 1, < S 0 w +5", "S1", "Hswt^", NO_SERVICE},
		{OPENED ", > A 1 1 +5, > A 1 1 w +5", "S1", "ShADWT", 0},
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

static void test_gaps(void)
{
	static const struct row rows[] = {
		/* Acknowledged, and never captured; the FIN's own number is no data. */
		{OPENED ", > A 1 1 +10, < FA 101 11, > A 11 102, > FA 11 102", "SF", "ShADfgF", 0},
		{OPENED ", < A 1 1, > A 1 101", "S1", "ShAag", 0},
		/* The hole is filled before the acknowledgment: in order, backwards, and by a larger piece. */
		{OPENED ", > A 11 1 +10, > A 1 1 +10, < A 1 21", "S1", "ShADTa", 0},
		{OPENED ", > A 11 1 +10, > A 31 1 +10, > A 21 1 +10, > A 1 1 +10, < A 1 41", "S1", "ShADTa", 0},
		{OPENED ", > A 11 1 +5, > A 21 1 +5, > A 31 1 +5, > A 1 1 +40, < A 1 41", "S1", "ShADa", 0},
		/* ... or only in part. */
		{OPENED ", > A 11 1 +10, > A 1 1 +5, < A 1 21", "S1", "ShADTaG", 0},
		/* Acknowledged as far as captured: no gap; then beyond. */
		{OPENED ", > A 11 1 +10, < A 1 1, < A 1 11", "S1", "ShADaG", 0},
		{OPENED ", > A 1 1 +10, > A 21 1 +10, < A 1 11", "S1", "ShADa", 0},
		{OPENED ", > A 1 1 +10, > A 21 1 +10, < A 1 11, < A 1 21", "S1", "ShADaG", 0},
		/* One acknowledgment over nine holes and the end, each hole counted: the tenth gives a letter. */
		{OPENED ", > A 11 1 +5, > A 21 1 +5, > A 31 1 +5, < A 1 41, > A 51 1 +5, > A 61 1 +5, > A 71 1 +5, "
			"< A 1 81, > A 91 1 +5, < A 1 97", "S1", "ShADaGG", 0},
		/* More pieces than are kept: silence instead of a guess. */
		{OPENED ", > A 11 1 +5, > A 21 1 +5, > A 31 1 +5, > A 41 1 +5, < A 1 61", "S1", "ShADaG", 0},
		{OPENED ", > A 11 1 +5, > A 21 1 +5, > A 31 1 +5, > A 41 1 +5, > A 51 1 +5, < A 1 61",
			"S1", "ShADa", 0},
		/* Nothing acknowledged, and much beyond a hole: given up. */
		{OPENED ", > A 11 1 +16374, < A 1 20000", "S1", "ShADaG", 0},
		{OPENED ", > A 11 1 +16375, < A 1 20000", "S1", "ShADa", 0},
		{OPENED ", > A 11 1 +16375, > S 90000, > A 90001 1 +5, < A 1 90100", "S1", "ShADa", 0},
		/* Where a side's first segment was no SYN, the first octet may be acknowledged unseen, once ... */
		{"> S 0, < A 5 1, < SA 0 1, > A 1 1, < A 1 2, > A 1 1 +9, < A 1 10", "S1", "SahADG", 0},
		{"> S 0, < A 5 1, < SA 0 1, > A 1 1, < A 1 2, > A 1 1 +1, > A 2 1 +8, < A 1 10", "S1", "SahADG", 0},
		{"> A 1 1, > A -5 1 +3, < A 1 2, > A 1 1 +1", "OTH", "ADTa", NO_SERVICE},
		/* ... but not when the handshake is understood after all. */
		{"> SA 0 1, < S 0, < A 1 1, > A 1 2", "S1", "Hs^AaG", NO_SERVICE},
		{"> SA 0 1, < A 1 1, > A 1 2", "S1", "^hAaG", FROM_SERVICE},
		/* Not between sides that have not both been open. */
		{"> A 1 1 +5, < A 1 100", "OTH", "Da", 0},
		{"> S 0, < A 1 100 +5", "OTH", "Sd", 0},
		{"> S 0, > F 50, < SA 0 1, < A 1 51", "S2", "SFha", 0},
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

/** A history has room for so many letters; the states go on. */
static void test_full_history(void)
{
	struct tcphs_zeek zeek;
	GString *segments = g_string_new(OPENED);
	struct row row = {NULL, NULL, NULL, TO_SERVICE};

	for (int i = 0; i < 100; i++)
		g_string_append_printf(segments, ", > FA %d 1", 1 + 2 * i);
	g_string_append(segments, ", < FA 1 1");
	row.segments = segments->str;
	play(&zeek, &row, 1, 2);
	g_assert_cmpuint(strlen(tcphs_zeek_history(&zeek)), ==, TCPHS_ZEEK_LETTERS);
	g_assert_true(g_str_has_prefix(tcphs_zeek_history(&zeek), "ShAFFF"));
	g_assert_cmpstr(tcphs_zeek_conn_state(&zeek), ==, "SF");
	g_string_free(segments, TRUE);
}

/** struct transfer: data one way, in segments of 60000 octets, acknowledged one by one or never. */
struct transfer {
	struct tcphs_zeek zeek, longer;
	struct tcphs_segment data, ack;
};

static void transfer_begin(struct transfer *transfer, uint32_t isn)
{
	const struct row row = {OPENED ", > A 1 1 +5, < A 1 6", NULL, NULL, TO_SERVICE};
	const uint32_t isns[2] = {isn, 7000};
	char data[] = "> A 6 1 +60000", ack[] = "< A 1 6";
	unsigned side;

	play(&transfer->zeek, &row, isns[0], isns[1]);
	transfer->longer = transfer->zeek;
	read_segment(&transfer->data, &side, data, &row, isns);
	read_segment(&transfer->ack, &side, ack, &row, isns);
}

static void transfer_run(struct transfer *transfer, unsigned segments, bool acknowledged)
{
	for (; segments > 0; segments--) {
		update_both(&transfer->zeek, &transfer->longer, 0, &transfer->data);
		transfer->data.seq += transfer->data.length;
		if (!acknowledged)
			continue;
		transfer->ack.ack = transfer->data.seq;
		update_both(&transfer->zeek, &transfer->longer, 1, &transfer->ack);
	}
}

/** transfer_skip(): data that is acknowledged, but was not captured; and what the history is then. */
static void transfer_skip(struct transfer *transfer, uint32_t octets, const char *history)
{
	transfer->data.seq += octets;
	transfer->ack.ack = transfer->data.seq;
	update_both(&transfer->zeek, &transfer->longer, 1, &transfer->ack);
	g_assert_cmpstr(tcphs_zeek_history(&transfer->zeek), ==, history);
	g_assert_cmpmem(&transfer->zeek, sizeof(transfer->zeek), &transfer->longer, sizeof(transfer->longer));
}

/** Gigabytes one way, through two wraps: no letters but the ordinary ones, and a gap and a copy are still seen. */
static void test_long_connection(void)
{
	struct transfer transfer;

	transfer_begin(&transfer, UINT32_MAX - 100000);
	transfer_run(&transfer, 100000, true);
	transfer_skip(&transfer, 1000, "ShADaG");
	transfer.data.seq -= transfer.data.length + 1000;
	transfer_run(&transfer, 1, true);
	g_assert_cmpstr(tcphs_zeek_history(&transfer.zeek), ==, "ShADaGT");
}

/** The gap lies where the numbers wrap: the first time after a few octets, the second time after four gigabytes. */
static void test_gap_at_wrap(void)
{
	const uint32_t isn = UINT32_MAX - 100000;

	for (unsigned wraps = 1; wraps <= 2; wraps++) {
		struct transfer transfer;

		transfer_begin(&transfer, isn);
		transfer_run(&transfer, 1, true);
		while (wraps == 2 && (transfer.data.seq < isn || transfer.data.seq == isn + 6 + 60000))
			transfer_run(&transfer, 1, true);
		transfer_skip(&transfer, 200000, "ShADaG");
	}
}

/**
 * From two gigabytes after the start on, if the numbers have not wrapped by then, Zeek sees no gaps: the distance from
 * the start has 32 bits and a sign, and acknowledgments that seem to lie before the start are not counted. So do we.
 */
static void test_long_without_wrap(void)
{
	struct transfer transfer;

	transfer_begin(&transfer, 1000);
	put_off = 0;
	transfer_run(&transfer, 35000, true);
	g_assert_cmpuint(put_off, >, 60000);
	transfer_skip(&transfer, 1000, "ShADaG");
	transfer_begin(&transfer, 1000);
	transfer_run(&transfer, 36000, true);
	transfer_skip(&transfer, 1000, "ShADa");
	transfer_run(&transfer, 60000, true);
	transfer_skip(&transfer, 1000, "ShADa");
}

/** Ten megabytes that nobody acknowledges are kept; more, and the side's data is not followed any further. */
static void test_unacknowledged(void)
{
	struct transfer transfer;

	transfer_begin(&transfer, 1000);
	transfer_run(&transfer, 174, false);
	transfer_skip(&transfer, 1000, "ShADaG");
	transfer_begin(&transfer, 1000);
	transfer_run(&transfer, 175, false);
	transfer_skip(&transfer, 1000, "ShADa");
	/* To the octet. */
	for (uint32_t beyond = 0; beyond < 2; beyond++) {
		transfer_begin(&transfer, 1000);
		transfer_run(&transfer, 174, false);
		transfer.data.length = 10 * 1024 * 1024 - 174 * 60000 + beyond;
		transfer_run(&transfer, 1, false);
		transfer_skip(&transfer, 1000, beyond ? "ShADa" : "ShADaG");
	}
}

/** lot: the same numbers every time. */
static GRand *lot;

/** random_segment(): mostly what could belong to a connection, sometimes anything. */
static void random_segment(struct tcphs_segment *segment, uint32_t seq, uint32_t ack)
{
	static const uint16_t flags[] = {
		TCPHS_ACK, TCPHS_ACK, TCPHS_ACK, TCPHS_ACK, TCPHS_ACK, TCPHS_ACK, TCPHS_SYN, TCPHS_SYN | TCPHS_ACK,
		TCPHS_FIN | TCPHS_ACK, TCPHS_RST, 0, TCPHS_SYN | TCPHS_FIN, TCPHS_FIN | TCPHS_RST,
	};
	const bool wild = g_rand_int_range(lot, 0, 40) == 0;

	memset(segment, 0, sizeof(*segment));
	segment->have = TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS | TCPHS_HAVE_LENGTH;
	segment->flags = flags[g_rand_int_range(lot, 0, wild ? (gint32)G_N_ELEMENTS(flags) : 6)];
	segment->seq = seq + (uint32_t)g_rand_int_range(lot, -1, 2) * (uint32_t)g_rand_int_range(lot, 0, 40);
	segment->ack = ack + (uint32_t)g_rand_int_range(lot, -1, 2) * (uint32_t)g_rand_int_range(lot, 0, 40);
	if (wild && g_rand_boolean(lot))
		segment->seq = (uint32_t)g_rand_int(lot);
	if (wild && g_rand_boolean(lot))
		segment->ack = (uint32_t)g_rand_int(lot);
	segment->length = g_rand_boolean(lot) ? (uint32_t)g_rand_int_range(lot, 0, 50) : 0;
	segment->window = wild ? 0 : 500;
	segment->sport = g_rand_boolean(lot) ? 80 : 49152;
	segment->dport = 49152;
	segment->checksum = wild && g_rand_boolean(lot) ? TCPHS_CHECKSUM_BAD : TCPHS_CHECKSUM_GOOD;
}

static void check_sound(const struct tcphs_zeek *zeek)
{
	g_assert_cmpuint(strlen(zeek->history), ==, zeek->letters);
	g_assert_cmpuint(zeek->letters, <=, TCPHS_ZEEK_LETTERS);
	g_assert_cmpuint(strspn(zeek->history, "SHFRIQDACTWGshfriqdactwg^"), ==, zeek->letters);
	for (unsigned side = 0; side < 2; side++) {
		const struct tcphs_zeek_endpoint *endpoint = &zeek->endpoint[side];
		uint32_t at = 0;

		g_assert_cmpuint(endpoint->blocks, <=, TCPHS_ZEEK_BLOCKS);
		for (unsigned i = 0; i < endpoint->blocks; i++) {
			const uint32_t base = (uint32_t)zeek->delivered[side];

			g_assert_cmpuint(endpoint->block[i].begin - base, >, at);
			at = endpoint->block[i].end - base;
			g_assert_cmpuint(at, >, endpoint->block[i].begin - base);
		}
	}
}

/** Hostile input: nothing breaks, the blocks stay apart and in order, and both ways agree to the last byte. */
static void test_random(void)
{
	for (unsigned run = 0; run < 3000; run++) {
		struct tcphs_zeek zeek = {0}, longer = {0};
		uint32_t next[2] = {(uint32_t)g_rand_int(lot), (uint32_t)g_rand_int(lot)};

		for (unsigned i = 0; i < 60; i++) {
			struct tcphs_segment segment;
			unsigned side = (unsigned)g_rand_int_range(lot, 0, 2);

			random_segment(&segment, next[side], next[!side]);
			if (i < 2) {
				side = i;
				segment.flags = i == 0 ? TCPHS_SYN : TCPHS_SYN | TCPHS_ACK;
				segment.length = 0;
				next[side] = segment.seq + 1;
			} else {
				next[side] += segment.length;
			}
			update_both(&zeek, &longer, side, &segment);
			check_sound(&zeek);
			g_assert_cmpmem(&zeek, sizeof(zeek), &longer, sizeof(longer));
		}
		g_assert_cmpstr(tcphs_zeek_conn_state(&zeek), !=, "");
	}
}

/** struct model: which octets of a side were captured, or acknowledged without having been. */
struct model {
	bool there[400];
	unsigned delivered, gaps;
};

/** model_ack(): every run of octets that is missing below |ack| is a gap, and nobody waits for it any more. */
static void model_ack(struct model *model, unsigned ack)
{
	for (unsigned i = model->delivered; i < ack; i++)
		model->gaps += !model->there[i] && model->there[i - 1];
	for (unsigned i = model->delivered; i < ack; i++)
		model->there[i] = true;
}

static void check_model(const struct tcphs_zeek *zeek, struct model *model)
{
	const struct tcphs_zeek_endpoint *endpoint = &zeek->endpoint[0];
	unsigned at, block = 0;

	while (model->there[model->delivered])
		model->delivered++;
	g_assert_cmpint(zeek->delivered[0], ==, model->delivered);
	g_assert_cmpuint(endpoint->count[3], ==, model->gaps);
	for (at = model->delivered; at < G_N_ELEMENTS(model->there); at++) {
		if (!model->there[at])
			continue;
		g_assert_cmpuint(block, <, endpoint->blocks);
		g_assert_cmpuint(endpoint->block[block].begin, ==, at);
		while (at < G_N_ELEMENTS(model->there) && model->there[at])
			at++;
		g_assert_cmpuint(endpoint->block[block++].end, ==, at);
	}
	g_assert_cmpuint(block, ==, endpoint->blocks);
}

/** Pieces in any order, and acknowledgments of some of them: what is kept is what was captured, octet for octet. */
static void test_reassembly(void)
{
	const struct row row = {OPENED, NULL, NULL, TO_SERVICE};

	for (unsigned run = 0; run < 2000; run++) {
		struct model model = {.there = {true}, .delivered = 1};
		const uint32_t isn = run % 2 ? UINT32_MAX - 100 : 5000;
		struct tcphs_zeek zeek;

		play(&zeek, &row, isn, 7000);
		for (unsigned i = 0; i < 30 && zeek.endpoint[0].blocks < TCPHS_ZEEK_BLOCKS; i++) {
			const bool data = g_rand_int_range(lot, 0, 4) > 0;
			const unsigned begin = (unsigned)g_rand_int_range(lot, 1, 300);
			struct tcphs_segment segment = {
				.have = TCPHS_HAVE_SEQ | TCPHS_HAVE_HEADER | TCPHS_HAVE_OPTIONS | TCPHS_HAVE_LENGTH,
				.flags = TCPHS_ACK, .window = 500, .seq = 7001, .ack = isn + begin,
			};

			if (data) {
				segment.seq = isn + begin;
				segment.ack = 7001;
				segment.length = (uint32_t)g_rand_int_range(lot, 1, 60);
				for (unsigned k = begin; k < begin + segment.length; k++)
					model.there[k] = true;
			} else {
				model_ack(&model, begin);
			}
			tcphs_zeek_update(&zeek, !data, &segment);
			check_model(&zeek, &model);
		}
	}
}

/** It is kept for every connection: this is what the memory budget was made with. */
static void test_size(void)
{
	g_assert_cmpuint(sizeof(struct tcphs_zeek), <=, 256);
}

int main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	lot = g_rand_new_with_seed(8);
	g_test_add_func("/zeek/conn-states", test_conn_states);
	g_test_add_func("/zeek/both-reset", test_both_reset);
	g_test_add_func("/zeek/ack-zero", test_ack_zero);
	g_test_add_func("/zeek/roles", test_roles);
	g_test_add_func("/zeek/flags", test_flags);
	g_test_add_func("/zeek/scaled", test_scaled);
	g_test_add_func("/zeek/gaps", test_gaps);
	g_test_add_func("/zeek/full-history", test_full_history);
	g_test_add_func("/zeek/long-connection", test_long_connection);
	g_test_add_func("/zeek/gap-at-wrap", test_gap_at_wrap);
	g_test_add_func("/zeek/long-without-wrap", test_long_without_wrap);
	g_test_add_func("/zeek/unacknowledged", test_unacknowledged);
	g_test_add_func("/zeek/random", test_random);
	g_test_add_func("/zeek/reassembly", test_reassembly);
	g_test_add_func("/zeek/size", test_size);
	status = g_test_run();
	g_rand_free(lot);
	return status;
}
