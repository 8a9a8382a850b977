/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * traffic.c - traffic to measure with, as a pcap file on standard output.
 *
 *     traffic mix CONNECTIONS [SEED]        whole connections with data, a few thousand at a time
 *     traffic flood CONNECTIONS [SEED]      a SYN each, and nothing answers
 *     traffic bulk PACKETS [SEED]           eight connections with much data
 *     traffic refused CONNECTIONS PACKETS   so many 4-tuples, tried in turns; each SYN is refused once all were tried
 *     traffic endless PACKETS [SEED]        the mix and a flood at once, for ever, but for PACKETS
 *
 * Theory of operation. Time is the capture's own. Connections begin at a steady rate and each has a script of its own,
 * a few to a few dozen segments; the one whose next segment is due first is on top of a heap. All else is drawn from a
 * counter's hash, so that the same arguments give the same octets on any machine. Frames are Ethernet and IPv4, with
 * the options, the acknowledgments and the checksums that real ones have; data is zeros.
 */
#include <glib.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { ETHERNET = 14, IPV4 = 20, TCP = 20, OPTIONS_SYN = 20, OPTIONS = 12, DATA_MAX = 1448, FRAME_MAX = 1514 };

#define SECOND UINT64_C(1000000)  /* times are in microseconds */
#define BEGINNING (UINT64_C(1427304960) * SECOND)

/* Connections of the mix that begin in a second, each lasting about ten; and SYNs of a flood. */
#define MIX_RATE 333
#define FLOOD_RATE 16667
#define ENDLESS_FLOOD_RATE 2000
#define REFUSED_RATE 2000

/** struct talk: one connection on its way. */
struct talk {
	uint64_t due, begun;
	uint64_t draws;              /* state of its random numbers */
	uint32_t address[2];         /* of client, of server */
	uint16_t port[2];
	uint32_t seq[2];             /* next number of each */
	uint32_t acked[2];           /* of what it had from the other, acknowledged */
	uint32_t tsval[2];
	uint16_t ip_id[2];
	unsigned step;
	unsigned responses;          /* segments of data that the server still has to send */
	bool for_ever;
};

static pcap_dumper_t *dumper;
static uint64_t packets, packets_max = UINT64_MAX;

/* ---- random numbers ------------------------------------------------------------------------------- */

/** mixed(): a counter's hash (the finaliser of SplitMix64, Steele and others 2014). */
static uint64_t mixed(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static uint32_t draw(struct talk *talk, uint32_t below)
{
	talk->draws = mixed(talk->draws);
	return (uint32_t)((talk->draws >> 32) * below >> 32);
}

/* ---- frames --------------------------------------------------------------------------------------- */

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

/** sum(): of the 16-bit words of |size| octets, which is even (RFC 1071). */
static uint32_t sum(uint32_t so_far, const uint8_t *octets, size_t size)
{
	for (size_t i = 0; i < size; i += 2)
		so_far += (uint32_t)octets[i] << 8 | octets[i + 1];
	return so_far;
}

static unsigned folded(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return ~total & 0xffff;
}

static size_t put_options(uint8_t *at, const struct talk *talk, unsigned side, unsigned flags)
{
	static const uint8_t of_syn[] = { 2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7 };
	static const uint8_t of_others[] = { 1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0 };
	size_t stamps = flags & SYN ? 8 : 4;

	if (flags & SYN)
		memcpy(at, of_syn, sizeof of_syn);
	else
		memcpy(at, of_others, sizeof of_others);
	put32(at + stamps, talk->tsval[side]);
	put32(at + stamps + 4, flags & ACK ? talk->tsval[!side] : 0);
	return flags & SYN ? sizeof of_syn : sizeof of_others;
}

/** put_tcp(): header and options, with the checksum; returns their size. The data is zeros and adds nothing to it. */
static size_t put_tcp(uint8_t *tcp, const struct talk *talk, unsigned side, unsigned flags, unsigned length)
{
	size_t header = TCP + put_options(tcp + TCP, talk, side, flags);
	uint32_t pseudo = 6 + (uint32_t)header + length;

	put16(tcp, talk->port[side]);
	put16(tcp + 2, talk->port[!side]);
	put32(tcp + 4, talk->seq[side]);
	put32(tcp + 8, flags & ACK ? talk->seq[!side] : 0);
	put16(tcp + 12, (unsigned)header << 10 | flags);
	put16(tcp + 14, 64240);
	put32(tcp + 16, 0);
	for (unsigned i = 0; i < 2; i++)
		pseudo += (talk->address[i] >> 16) + (talk->address[i] & 0xffff);
	put16(tcp + 16, folded(sum(pseudo, tcp, header)));
	return header;
}

static void put_ip(uint8_t *ip, struct talk *talk, unsigned side, size_t length)
{
	put16(ip, 0x4500);
	put16(ip + 2, (unsigned)(IPV4 + length));
	put16(ip + 4, talk->ip_id[side]++);
	put16(ip + 6, 0x4000);
	put16(ip + 8, (side ? 57u : 64u) << 8 | 6);
	put16(ip + 10, 0);
	put32(ip + 12, talk->address[side]);
	put32(ip + 16, talk->address[!side]);
	put16(ip + 10, folded(sum(0, ip, IPV4)));
}

/** say(): one segment, sent by |side|, with the next of its numbers; it acknowledges all that the other has sent. */
static void say(struct talk *talk, uint64_t time, unsigned side, unsigned flags, unsigned length)
{
	static uint8_t frame[FRAME_MAX] = { 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, 8, 0 };
	size_t header;
	struct pcap_pkthdr head;

	if (packets == packets_max)
		return;
	packets++;
	talk->tsval[side] = (uint32_t)(time / 1000) + side * 77;
	header = put_tcp(frame + ETHERNET + IPV4, talk, side, flags, length);
	memset(frame + ETHERNET + IPV4 + header, 0, length);
	put_ip(frame + ETHERNET, talk, side, header + length);
	frame[5] = side ? 1 : 9;
	frame[11] = side ? 9 : 1;
	head.ts.tv_sec = (time_t)(time / SECOND);
	head.ts.tv_usec = (suseconds_t)(time % SECOND);
	head.caplen = head.len = (bpf_u_int32)(ETHERNET + IPV4 + header + length);
	pcap_dump((u_char *)dumper, &head, frame);
	talk->seq[side] += length + ((flags & (SYN | FIN)) != 0);
	talk->acked[side] = talk->seq[!side];
}

/* ---- connections ---------------------------------------------------------------------------------- */

static void begin(struct talk *talk, uint64_t number, uint64_t seed, uint64_t time)
{
	static const uint16_t ports[] = { 443, 443, 443, 80, 8080, 22, 5432, 25 };

	*talk = (struct talk){ .due = time, .begun = time, .draws = mixed(number ^ seed << 40) };
	talk->address[0] = 0x0a000000 + (uint32_t)(number / 7 % 0xfffffe) + 1;
	talk->address[1] = 0xc0000200 + draw(talk, 64);
	talk->port[0] = (uint16_t)(32768 + number % 28232);
	talk->port[1] = ports[draw(talk, G_N_ELEMENTS(ports))];
	talk->seq[0] = (uint32_t)mixed(talk->draws + 1);
	talk->seq[1] = (uint32_t)mixed(talk->draws + 2);
	talk->ip_id[0] = (uint16_t)draw(talk, 65536);
	talk->ip_id[1] = (uint16_t)draw(talk, 65536);
	talk->responses = 1 + draw(talk, 8);
}

/** respond(): a segment of the response, or its end; every second one is acknowledged. Returns the pause after it. */
static uint64_t respond(struct talk *talk)
{
	const uint32_t unacked = talk->seq[1] - talk->acked[0];

	if (talk->responses == 0 && unacked == 0) {
		say(talk, talk->due, 1, FIN | ACK, 0);
		return SECOND / 1000 + draw(talk, 60000);
	}
	talk->step--;
	if (unacked >= 2 * DATA_MAX || talk->responses == 0) {
		say(talk, talk->due, 0, ACK, 0);
	} else {
		talk->responses -= !talk->for_ever;
		if (talk->responses > 0)
			say(talk, talk->due, 1, ACK, DATA_MAX);
		else
			say(talk, talk->due, 1, PSH | ACK, 1 + draw(talk, DATA_MAX));
	}
	/* The connection is kept alive for a while. */
	if (talk->responses == 0 && talk->seq[1] == talk->acked[0])
		return 7 * SECOND + draw(talk, 4 * SECOND);
	return talk->for_ever ? 1200 : 300 + draw(talk, 2000);
}

/** step(): the talk's next segment; false after its last. */
static bool step(struct talk *talk)
{
	const uint64_t time = talk->due;
	uint64_t pause = SECOND / 1000 + draw(talk, 60000);

	switch (talk->step++) {
	case 0:
		say(talk, time, 0, SYN, 0);
		break;
	case 1:
		say(talk, time, 1, SYN | ACK, 0);
		break;
	case 2:
		say(talk, time, 0, ACK, 0);
		pause = 500;
		break;
	case 3:
		say(talk, time, 0, PSH | ACK, 100 + draw(talk, 600));
		break;
	case 4:
		say(talk, time, 1, ACK, 0);
		break;
	case 5:
		pause = respond(talk);
		break;
	case 6:
		say(talk, time, 0, ACK, 0);
		pause = 100;
		break;
	case 7:
		say(talk, time, 0, FIN | ACK, 0);
		break;
	default:
		say(talk, time, 1, ACK, 0);
		return false;
	}
	talk->due = time + pause;
	return true;
}

/* ---- the heap: the talk that is due first is at 0 ------------------------------------------------- */

static struct talk **heap;
static size_t heap_count, heap_room;

static void sink(size_t at)
{
	struct talk *talk = heap[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= heap_count)
			break;
		if (child + 1 < heap_count && heap[child + 1]->due < heap[child]->due)
			child++;
		if (heap[child]->due >= talk->due)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = talk;
}

static void push(struct talk *talk)
{
	size_t at = heap_count++;

	if (heap_count > heap_room)
		heap = g_realloc_n(heap, heap_room = 2 * heap_count, sizeof(*heap));
	for (; at > 0 && heap[(at - 1) / 2]->due > talk->due; at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = talk;
}

/** advance(): the first one's next segment. */
static void advance(void)
{
	if (!step(heap[0])) {
		g_free(heap[0]);
		heap[0] = heap[--heap_count];
	}
	if (heap_count > 0)
		sink(0);
}

/* ---- kinds ---------------------------------------------------------------------------------------- */

static void syn_of_flood(uint64_t number, uint64_t seed, uint64_t time)
{
	struct talk talk;

	begin(&talk, number, seed, time);
	/* Addresses are made up, but none comes twice: multiplied by an odd number, numbers of 31 bits are shuffled. */
	talk.address[0] = 0x01000000 + ((uint32_t)(number + seed) * UINT32_C(0x5deece6d) & 0x7fffffff);
	talk.address[1] = 0xc6336401;
	talk.port[0] = (uint16_t)(1024 + draw(&talk, 64512));
	talk.port[1] = 443;
	say(&talk, time, 0, SYN, 0);
}

static void mix(uint64_t connections, uint64_t flood_rate, uint64_t seed)
{
	uint64_t begun = 0, floods = 0, next = BEGINNING, next_flood = flood_rate ? BEGINNING : UINT64_MAX;

	while ((begun < connections || heap_count > 0) && packets < packets_max) {
		uint64_t due = heap_count > 0 ? heap[0]->due : UINT64_MAX;

		if (begun < connections && next <= due && next <= next_flood) {
			struct talk *talk = g_new(struct talk, 1);

			begin(talk, begun, seed, next);
			push(talk);
			begun++;
			next = BEGINNING + begun * SECOND / MIX_RATE;
		} else if (next_flood < due) {
			syn_of_flood(floods++, seed, next_flood);
			next_flood = BEGINNING + floods * SECOND / flood_rate;
		} else {
			advance();
		}
	}
}

static void flood(uint64_t connections, uint64_t seed)
{
	for (uint64_t i = 0; i < connections; i++)
		syn_of_flood(i, seed, BEGINNING + i * SECOND / FLOOD_RATE);
}

static void bulk(uint64_t seed)
{
	for (unsigned i = 0; i < 8; i++) {
		struct talk *talk = g_new(struct talk, 1);

		begin(talk, i, seed, BEGINNING + i * SECOND / 10);
		talk->for_ever = true;
		push(talk);
	}
	while (packets < packets_max)
		advance();
}

static void refused(uint64_t connections)
{
	struct talk *talks = g_new(struct talk, connections);
	uint64_t time = BEGINNING;

	for (uint64_t i = 0; i < connections; i++)
		begin(&talks[i], i, 0, time);
	while (packets < packets_max) {
		for (uint64_t i = 0; i < 2 * connections; i++) {
			struct talk *talk = &talks[i % connections];

			if (i < connections)
				talk->seq[0] += 64000;
			talk->seq[1] = 0;
			say(talk, time, i >= connections, i < connections ? SYN : RST | ACK, 0);
			time += SECOND / REFUSED_RATE;
		}
	}
	g_free(talks);
}

static int usage(void)
{
	fputs("traffic: use traffic mix|flood CONNECTIONS [SEED], bulk|endless PACKETS [SEED],"
	      " or refused CONNECTIONS PACKETS\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 2 ? g_ascii_strtoull(argv[2], NULL, 10) : 0;
	uint64_t last = argc > 3 ? g_ascii_strtoull(argv[3], NULL, 10) : 1;
	const char *kind = argc > 1 ? argv[1] : "";
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, FRAME_MAX);

	if (count == 0)
		return usage();
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	dumper = pcap_dump_fopen(pcap, stdout);
	if (strcmp(kind, "mix") == 0) {
		mix(count, 0, last);
	} else if (strcmp(kind, "flood") == 0) {
		flood(count, last);
	} else if (strcmp(kind, "bulk") == 0) {
		packets_max = count;
		bulk(last);
	} else if (strcmp(kind, "refused") == 0) {
		packets_max = last;
		refused(count);
	} else if (strcmp(kind, "endless") == 0) {
		packets_max = count;
		mix(UINT64_MAX, ENDLESS_FLOOD_RATE, last);
	} else {
		return usage();
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("traffic");
		return 1;
	}
	pcap_dump_close(dumper);
	pcap_close(pcap);
	return 0;
}
