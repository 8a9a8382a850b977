/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zeek.c - what Zeek's conn.log would say of a connection: conn_state and history.
 *
 * People who know Zeek read "SF ShADadFf" at a glance and look for it in their logs. What the words and letters
 * mean is documented with Zeek (https://docs.zeek.org, "conn.log"; type Conn::Info, fields conn_state and
 * history). This file follows what Zeek does rather than what TCP says, odd corners included, for a connection
 * that is given: Zeek also ends connections by timers and by SYNs with another number, which is not done here.
 *
 * Theory of operation. One side is the *originator*, the other the *responder*. It begins with the sender of the
 * first segment as originator; when the first segment is not a plain SYN and comes from a well-known service port,
 * the roles are exchanged at once. They may be exchanged again when a SYN-ACK turns out to have come first.
 *
 * Each side has a small state of its own (enum state). It is about what that side sent, not about what a TCP would
 * make of it: a SYN-ACK is enough to make both sides ESTABLISHED, and its number is not looked at. The final pair of
 * states is the conn_state.
 *
 * The history gets letters as things happen, in capitals for the originator and small for the responder:
 *
 *   S SYN   H SYN-ACK   F FIN   R RST   I, Q  flags that exclude each other    once for each role; S and H together
 *           once; S, H, F, R again when the segment is at another sequence number than the one before it
 *   D data  A no data, but ACK flag     once for each role
 *   C bad checksum   T data sent again   W window 0   G data that was acknowledged but not captured
 *           for each side, at the 1st, 10th, 100th ... occurrence
 *   ^ roles exchanged
 *
 * For T and G, numbers are counted from the start of each side and extended to 64 bits, with a count of wraps. For G
 * there is a much reduced reassembly: |delivered| is the number of the first octet that is missing, and block[] are
 * the pieces captured beyond it. A hole is a gap when the peer acknowledges data beyond it. A side that would need
 * more than TCPHS_ZEEK_BLOCKS pieces gets no further G: none is better than a wrong one.
 *
 * Cost. Once a connection runs, nearly every segment is the next one in order and adds no letter. Those need not be
 * told one by one: tcphs_zeek_waits() and tcphs_zeek_may_wait() say which, and tcphs_zeek_catch_up() takes them in
 * together, before the next one that does matter. That gives the same (the unit test compares them).
 *
 * What cannot be reproduced from the segments of one connection alone: the letter X and role changes made by Zeek's
 * application analyzers. Payloads are taken to be captured whole, as only their length is known here.
 */
#include "zeek.h"

#include <string.h>

#include "seq.h"

/** State of a side, by what it sent. Order does not matter, but INACTIVE is 0. */
enum state { INACTIVE, SYN_SENT, SYN_ACK_SENT, PARTIAL, ESTABLISHED, CLOSED, RESET };

/** Bits of tcphs_zeek.seen: the first eight for the originator, the next eight the same for the responder. */
enum {
	SEEN_SYN = 1 << 0, SEEN_FIN = 1 << 1, SEEN_RST = 1 << 2, SEEN_DATA = TCPHS_ZEEK_DATA, SEEN_ACK = TCPHS_ZEEK_ACK,
	SEEN_INCONSISTENT = 1 << 5, SEEN_MULTIPLE = 1 << 6,
	SEEN_ANYTHING = 1 << 7,   /* this role has sent a segment */
	ROLE_BITS = 8,
	BEGUN = 1 << 16,          /* the first segment came */
	PART = 1 << 17,           /* the connection looks as if its beginning was not captured */
};

/** Bits of tcphs_zeek_endpoint.marks. */
enum {
	HAS_FIN = 1,
	GAVE_UP = 2,        /* no reassembly any more */
	TRIMMED = 4,        /* the octet at 1 is not delivered, but the peer acknowledged it, which was overlooked */
};

/** Indices of tcphs_zeek_endpoint.count. */
enum { COUNT_CHECKSUM, COUNT_AGAIN, COUNT_WINDOW, COUNT_GAP };

enum { SYN_FIN_RST = TCPHS_SYN | TCPHS_FIN | TCPHS_RST };

/** A SYN or RST this far from the rest of its side, or an ack of 0, does not move what is known of the side. */
#define FAR (INT32_C(1) << 20)
/** While nothing of a side was acknowledged, this many octets beyond a hole end its reassembly. */
#define UNACKED_BEYOND_HOLE 16384

/** struct step: one segment on its way through the steps of take(). */
struct step {
	const struct tcphs_segment *segment;
	struct tcphs_zeek_endpoint *sender, *peer;
	int64_t seq;       /* relative to sender->start */
	int64_t ack;       /* relative to peer->start */
	uint32_t span;     /* sequence numbers used */
	uint32_t end;      /* raw number after them */
	unsigned side;     /* enum tcphs_side of the sender */
	bool originator;   /* it was the sender as the segment came; roles may be exchanged on the way */
	bool underflow;    /* seq is before the start */
};

/* ---- roles and letters --------------------------------------------------------------------------- */

/** is_service_port(): the ports that Zeek's default scripts register as those of TCP servers. Ascending. */
static bool is_service_port(uint16_t port)
{
	static const uint16_t ports[] = {
		21, 22, 25, 53, 79, 80, 81, 88, 135, 139, 143, 389, 443, 445, 465, 502, 514, 563, 585, 587, 614,
		631, 636, 989, 990, 992, 993, 995, 1080, 1434, 1883, 2811, 3128, 3268, 3306, 3389, 5222, 5223,
		5269, 5432, 6379, 6666, 6667, 6668, 6669, 8000, 8080, 8888, 20000,
	};
	size_t low = 0, high = sizeof(ports) / sizeof(ports[0]);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ports[middle] == port)
			return true;
		if (ports[middle] < port)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/** role_shift(): where the bits of the side's present role are in |seen|. */
static inline unsigned role_shift(const struct tcphs_zeek *zeek, unsigned side)
{
	return side == zeek->originator ? 0 : ROLE_BITS;
}

static void append(struct tcphs_zeek *zeek, char letter)
{
	if (zeek->letters < TCPHS_ZEEK_LETTERS)
		zeek->history[zeek->letters++] = letter;
}

/** add_letter(): |letter| is the capital; the responder's is the small one. */
static void add_letter(struct tcphs_zeek *zeek, unsigned side, char letter)
{
	append(zeek, side == zeek->originator ? letter : (char)(letter - 'A' + 'a'));
}

/** exchange_roles(): the caller adds the mark to the history. */
static void exchange_roles(struct tcphs_zeek *zeek)
{
	zeek->originator = !zeek->originator;
}

/** add_once(): adds the letter unless the side's role has it. */
static void add_once(struct tcphs_zeek *zeek, unsigned side, uint32_t bit, char letter)
{
	bit <<= role_shift(zeek, side);
	if (zeek->seen & bit)
		return;
	zeek->seen |= bit;
	add_letter(zeek, side, letter);
}

/** add_moved(): adds the letter unless the role has it and the last one was at the same place. */
static void add_moved(struct tcphs_zeek *zeek, unsigned side, uint32_t bit, char letter, uint32_t *last, uint32_t at)
{
	bit <<= role_shift(zeek, side);
	if ((zeek->seen & bit) && *last == at)
		return;
	zeek->seen |= bit;
	*last = at;
	add_letter(zeek, side, letter);
}

static bool is_power_of_ten(uint32_t n)
{
	while (n >= 10 && n % 10 == 0)
		n /= 10;
	return n == 1;
}

/** add_scaled(): counts, and adds the letter at each power of ten. */
static void add_scaled(struct tcphs_zeek *zeek, unsigned side, unsigned counter, char letter)
{
	if (is_power_of_ten(++zeek->endpoint[side].count[counter]))
		add_letter(zeek, side, letter);
}

/* ---- gaps: a reassembly of lengths ---------------------------------------------------------------- */

/** give_up(): nothing is known of the side's data any more, so it gets no gap letters. */
static void give_up(struct tcphs_zeek_endpoint *endpoint)
{
	endpoint->marks |= GAVE_UP;
	endpoint->blocks = 0;
}

/** is_open(): gaps count only between sides that have been open, not at the ragged ends of a connection. */
static bool is_open(const struct tcphs_zeek_endpoint *endpoint)
{
	return endpoint->state == ESTABLISHED || (endpoint->state == CLOSED && endpoint->before == ESTABLISHED);
}

static void count_gap(struct tcphs_zeek *zeek, unsigned side)
{
	if (is_open(&zeek->endpoint[0]) && is_open(&zeek->endpoint[1]))
		add_scaled(zeek, side, COUNT_GAP, 'G');
}

/** remove_blocks(): the block numbered |first| and those after it, |count| in all. */
static void remove_blocks(struct tcphs_zeek_endpoint *endpoint, unsigned first, unsigned count)
{
	unsigned rest = endpoint->blocks - first - count;

	memmove(&endpoint->block[first], &endpoint->block[first + count], rest * sizeof(endpoint->block[0]));
	endpoint->blocks = (uint8_t)(endpoint->blocks - count);
}

/** deliver_blocks(): takes the blocks that are no longer beyond a hole. */
static void deliver_blocks(struct tcphs_zeek *zeek, unsigned side)
{
	struct tcphs_zeek_endpoint *endpoint = &zeek->endpoint[side];
	int64_t *delivered = &zeek->delivered[side];

	while (endpoint->blocks > 0 && seq_diff(endpoint->block[0].begin, (uint32_t)*delivered) <= 0) {
		int32_t more = seq_diff(endpoint->block[0].end, (uint32_t)*delivered);

		if (more > 0)
			*delivered += more;
		remove_blocks(endpoint, 0, 1);
	}
}

/** keep_block(): data from |begin| to before |end|, beyond a hole; joined with the blocks that it touches. */
static void keep_block(struct tcphs_zeek_endpoint *endpoint, int64_t delivered, int64_t begin, int64_t end)
{
	const uint32_t base = (uint32_t)delivered;
	struct tcphs_zeek_block *block = endpoint->block;
	uint32_t from = (uint32_t)(begin - delivered), to = (uint32_t)(end - delivered);
	unsigned first = 0, after;

	if (end - delivered > INT32_MAX) {
		give_up(endpoint);
		return;
	}
	while (first < endpoint->blocks && block[first].end - base < from)
		first++;
	for (after = first; after < endpoint->blocks && block[after].begin - base <= to; after++) {
		if (block[after].begin - base < from)
			from = block[after].begin - base;
		if (block[after].end - base > to)
			to = block[after].end - base;
	}
	if (after > first) {
		remove_blocks(endpoint, first + 1, after - first - 1);
	} else if (endpoint->blocks == TCPHS_ZEEK_BLOCKS) {
		give_up(endpoint);
		return;
	} else {
		memmove(&block[first + 1], &block[first], (endpoint->blocks - first) * sizeof(block[0]));
		endpoint->blocks++;
	}
	block[first].begin = base + from;
	block[first].end = base + to;
}

/** limit_kept(): Zeek stops keeping data that nobody acknowledges; so must we, to see the same gaps. */
static void limit_kept(struct tcphs_zeek *zeek, unsigned side)
{
	struct tcphs_zeek_endpoint *endpoint = &zeek->endpoint[side];
	const uint32_t delivered = (uint32_t)zeek->delivered[side];
	const bool acknowledged = endpoint->acked - endpoint->start > 1;
	int32_t unacked = acknowledged ? seq_diff(endpoint->start + delivered, endpoint->acked) : 0;
	uint32_t kept = unacked > 0 ? (uint32_t)unacked : 0;

	for (unsigned i = 0; i < endpoint->blocks; i++)
		kept += endpoint->block[i].end - endpoint->block[i].begin;
	if (!acknowledged && endpoint->blocks > 0 &&
	    endpoint->block[endpoint->blocks - 1].end - delivered > UNACKED_BEYOND_HOLE)
		give_up(endpoint);
	if (kept > TCPHS_ZEEK_UNACKED)
		give_up(endpoint);
}

/** take_data(): |length| octets of |side| at relative number |begin|. */
static void take_data(struct tcphs_zeek *zeek, unsigned side, int64_t begin, uint32_t length)
{
	struct tcphs_zeek_endpoint *endpoint = &zeek->endpoint[side];
	int64_t *delivered = &zeek->delivered[side];
	const int64_t trimmed = endpoint->marks & TRIMMED ? 2 : 1;
	const int64_t end = begin + length;

	if ((endpoint->marks & GAVE_UP) || end <= *delivered || end <= trimmed)
		return;
	if (begin < trimmed)
		begin = trimmed;
	if (begin <= *delivered) {
		*delivered = end;
		deliver_blocks(zeek, side);
	} else {
		keep_block(endpoint, *delivered, begin, end);
	}
	limit_kept(zeek, side);
}

/** miss_data(): all before |ack| was acknowledged: what is still missing there will not come. */
static void miss_data(struct tcphs_zeek *zeek, unsigned side, int64_t ack)
{
	struct tcphs_zeek_endpoint *endpoint = &zeek->endpoint[side];
	int64_t *delivered = &zeek->delivered[side];

	if (ack <= 2 && (zeek->seen & PART)) {
		/* Where the beginning was not captured, the first octet was counted as there already. */
		endpoint->marks |= TRIMMED;
		return;
	}
	while (endpoint->blocks > 0) {
		uint32_t hole = endpoint->block[0].begin - (uint32_t)*delivered;

		if (*delivered + hole >= ack)
			break;
		count_gap(zeek, side);
		*delivered += hole;
		deliver_blocks(zeek, side);
	}
	if (ack > *delivered) {
		count_gap(zeek, side);
		*delivered = ack;
	}
	deliver_blocks(zeek, side);
}

/** take_ack(): the peer of |side| acknowledged all before relative number |ack|. */
static void take_ack(struct tcphs_zeek *zeek, unsigned side, int64_t ack)
{
	const struct tcphs_zeek_endpoint *endpoint = &zeek->endpoint[side];
	const int64_t trimmed = endpoint->marks & TRIMMED ? 2 : 1;

	if (endpoint->marks & HAS_FIN) {
		/* The FIN's own number carries no data. */
		int32_t beyond = seq_diff((uint32_t)ack, endpoint->fin);

		if (beyond >= 0)
			ack -= (int64_t)beyond + 1;
	}
	if (ack > zeek->delivered[side] && ack > trimmed && !(endpoint->marks & GAVE_UP))
		miss_data(zeek, side, ack);
}

/* ---- the steps, in their order ------------------------------------------------------------------- */

/** begin(): the first segment says who is taken for the originator. */
static void begin(struct tcphs_zeek *zeek, unsigned side, const struct tcphs_segment *segment)
{
	const bool syn = segment->flags & TCPHS_SYN;

	zeek->seen = BEGUN;
	zeek->delivered[0] = zeek->delivered[1] = 1;
	zeek->originator = (uint8_t)side;
	if (syn && !(segment->flags & TCPHS_ACK))
		return;
	if (is_service_port(segment->sport) &&
	    (!is_service_port(segment->dport) || (!syn && segment->sport < segment->dport))) {
		exchange_roles(zeek);
		append(zeek, '^');
	}
}

/** note_part(): does the first segment of a side look as if something before it was not captured? */
static void note_part(struct tcphs_zeek *zeek, const struct step *step)
{
	const bool syn = step->segment->flags & TCPHS_SYN;

	if (step->originator) {
		if (zeek->seen & SEEN_ANYTHING)
			return;
		zeek->seen &= ~(uint32_t)PART;
		if (!syn || (step->segment->flags & TCPHS_ACK))
			zeek->seen |= PART;
	} else if (!syn && !(zeek->seen & SEEN_ANYTHING << ROLE_BITS)) {
		zeek->seen |= PART;
	}
}

/** place(): where the side's numbers start; a SYN can move that while, or once again when, the side is open. */
static void place(const struct step *step)
{
	struct tcphs_zeek_endpoint *sender = step->sender;
	const uint32_t seq = step->segment->seq;
	const bool syn = step->segment->flags & TCPHS_SYN;

	if (sender->state == INACTIVE && !syn) {
		sender->start = sender->acked = seq - 1;
		sender->last = seq;
		return;
	}
	if (!syn || sender->state == CLOSED || (sender->state == RESET && sender->before != INACTIVE))
		return;
	if ((sender->state == SYN_SENT || sender->state == SYN_ACK_SENT) && seq == sender->start)
		return;
	sender->start = sender->acked = seq;
	sender->last = step->end;
}

/** extend(): the 64-bit distance of |number| from |start|, |wraps| being how often |last| passed 2^32. */
static inline int64_t extend(uint32_t number, uint32_t start, uint32_t last, uint32_t wraps, bool *underflow)
{
	int32_t ahead = seq_diff(number, last);

	if (ahead < 0 && wraps > 0 && number > last)
		wraps--;
	else if (ahead > 0 && number < last)
		wraps++;
	*underflow = wraps == 0 && seq_diff(number, start) < 0;
	return wraps == 0 ? seq_diff(number, start) : ((int64_t)wraps << 32) + number - start;
}

/** see_synack_first(): a lone SYN-ACK was the first to be captured, and something ordinary follows it. */
static void see_synack_first(struct tcphs_zeek *zeek)
{
	if (zeek->letters != 1 || zeek->history[0] != 'H')
		return;
	exchange_roles(zeek);
	zeek->letters = 0;
	append(zeek, '^');
	append(zeek, 'h');
}

/** note_flags(): the one letter that a segment gets for its flags. */
static void note_flags(struct tcphs_zeek *zeek, const struct step *step)
{
	const unsigned flags = step->segment->flags;
	const unsigned which = flags & SYN_FIN_RST;
	struct tcphs_zeek_endpoint *sender = step->sender;
	const uint32_t seq = (uint32_t)step->seq;

	if (which & (which - 1)) {
		if ((flags & TCPHS_FIN) && (flags & TCPHS_RST))
			add_once(zeek, step->side, SEEN_INCONSISTENT, 'I');
		else
			add_once(zeek, step->side, SEEN_MULTIPLE, 'Q');
	} else if (flags & TCPHS_SYN) {
		add_moved(zeek, step->side, SEEN_SYN, flags & TCPHS_ACK ? 'H' : 'S', &sender->syn_at, seq);
	} else if (flags & TCPHS_FIN) {
		add_moved(zeek, step->side, SEEN_FIN, 'F', &sender->fin_at, seq + step->segment->length);
	} else if (flags & TCPHS_RST) {
		add_moved(zeek, step->side, SEEN_RST, 'R', &sender->rst_at, seq);
	} else if (step->segment->length > 0) {
		see_synack_first(zeek);
		add_once(zeek, step->side, SEEN_DATA, 'D');
	} else if (flags & TCPHS_ACK) {
		see_synack_first(zeek);
		add_once(zeek, step->side, SEEN_ACK, 'A');
	}
}

static void note_window(struct tcphs_zeek *zeek, const struct step *step)
{
	if (step->segment->window == 0 && !(step->segment->flags & TCPHS_RST) && step->peer->state != CLOSED &&
	    step->sender->state != RESET)
		add_scaled(zeek, step->side, COUNT_WINDOW, 'W');
}

/** move_acked(): the acknowledgment number tells of the peer; of a silent peer it is all that is known. */
static void move_acked(struct step *step)
{
	struct tcphs_zeek_endpoint *peer = step->peer;
	const uint32_t ack = step->segment->ack;
	bool underflow;

	if (peer->state == INACTIVE) {
		peer->start = peer->last = peer->acked = ack - 1;
		step->ack = 1;
		return;
	}
	step->ack = extend(ack, peer->start, peer->acked, peer->ack_wraps, &underflow);
	if (underflow) {
		step->ack = 0;
		return;
	}
	if ((step->segment->flags & TCPHS_RST) || seq_diff(ack, peer->acked) <= 0)
		return;
	if (ack == 0 && seq_diff(ack, peer->acked) > FAR)
		return;
	if (ack < peer->acked)
		peer->ack_wraps++;
	peer->acked = ack;
}

/** move_last(): how far the sender has come; data that brings it no further was sent again. */
static void move_last(struct tcphs_zeek *zeek, const struct step *step)
{
	struct tcphs_zeek_endpoint *sender = step->sender;
	const unsigned flags = step->segment->flags;
	const int32_t ahead = seq_diff(step->end, sender->last);

	if ((flags & (TCPHS_SYN | TCPHS_RST)) && !seq_near(step->end, sender->last, FAR))
		return;
	if ((flags & TCPHS_FIN) && sender->last == sender->start + 1) {
		sender->last = step->end;
	} else if (sender->state == RESET) {
		return;
	} else if (ahead > 0) {
		if (step->end < sender->last)
			sender->seq_wraps++;
		sender->last = step->end;
	} else if (step->segment->length > 0) {
		add_scaled(zeek, step->side, COUNT_AGAIN, 'T');
	}
}

static void set_state(struct tcphs_zeek_endpoint *endpoint, enum state state)
{
	if (endpoint->state == state)
		return;
	endpoint->before = endpoint->state;
	endpoint->state = (uint8_t)state;
}

/** open_by_syn(): the first segment of a side is a SYN or SYN-ACK. */
static void open_by_syn(struct tcphs_zeek *zeek, const struct step *step)
{
	const bool ack = step->segment->flags & TCPHS_ACK;

	if (step->originator) {
		set_state(step->sender, ack ? SYN_ACK_SENT : SYN_SENT);
		return;
	}
	if (!ack && step->peer->state == SYN_ACK_SENT) {
		/* The SYN was captured after the SYN-ACK that answers it. */
		exchange_roles(zeek);
		append(zeek, '^');
		zeek->seen = (zeek->seen & ~(uint32_t)PART) | SEEN_ANYTHING;
		set_state(step->peer, ESTABLISHED);
	}
	if (step->peer->state == SYN_SENT)
		set_state(step->peer, ESTABLISHED);
	set_state(step->sender, ESTABLISHED);
}

/** open_midway(): the first segment of a side has none of SYN, FIN and RST. */
static void open_midway(struct tcphs_zeek *zeek, const struct step *step)
{
	const unsigned peer = step->peer->state;

	if (!step->originator && step->segment->length == 0 && peer == SYN_SENT)
		return;
	if ((step->segment->flags & TCPHS_ACK) && peer == ESTABLISHED) {
		zeek->seen &= ~(uint32_t)PART;
		set_state(step->sender, ESTABLISHED);
	} else {
		set_state(step->sender, PARTIAL);
	}
}

/** close_by_fin(): a FIN in any state that is not over. */
static void close_by_fin(const struct step *step)
{
	struct tcphs_zeek_endpoint *sender = step->sender, *peer = step->peer;
	const bool opened = sender->state == ESTABLISHED || sender->state == PARTIAL;

	if (opened && (step->segment->flags & TCPHS_RST))
		return;
	set_state(sender, CLOSED);
	if (opened && peer->state == RESET && peer->before == CLOSED)
		set_state(peer, CLOSED);
}

/** move_state(): what the segment makes of its sender, and of a peer that waited for it. */
static void move_state(struct tcphs_zeek *zeek, const struct step *step)
{
	const unsigned flags = step->segment->flags;
	struct tcphs_zeek_endpoint *sender = step->sender;
	const unsigned peer = step->peer->state;

	switch ((enum state)sender->state) {
	case INACTIVE:
		if (flags & TCPHS_SYN)
			open_by_syn(zeek, step);
		else if (!(flags & SYN_FIN_RST))
			open_midway(zeek, step);
		break;
	case PARTIAL:
		if ((flags & (TCPHS_SYN | TCPHS_ACK)) == TCPHS_SYN && peer == INACTIVE)
			set_state(sender, SYN_SENT);
		break;
	case CLOSED:
		if ((flags & TCPHS_RST) && peer != CLOSED)
			set_state(sender, RESET);
		return;
	case RESET:
		return;
	case SYN_SENT:
	case SYN_ACK_SENT:
	case ESTABLISHED:
		break;
	}
	if (flags & TCPHS_FIN)
		close_by_fin(step);
	if (flags & TCPHS_RST)
		set_state(sender, RESET);
}

/** is_sound(): all that the side sent was captured, in order, so that what is next in order adds nothing. */
static inline bool is_sound(const struct tcphs_zeek *zeek, unsigned side)
{
	const struct tcphs_zeek_endpoint *endpoint = &zeek->endpoint[side];
	const int64_t delivered = zeek->delivered[side];

	return endpoint->state != INACTIVE && endpoint->state != RESET && endpoint->blocks == 0 &&
	       !(endpoint->marks & GAVE_UP) && !(endpoint->seq_wraps | endpoint->ack_wraps) &&
	       delivered <= INT32_MAX && endpoint->start + (uint32_t)delivered == endpoint->last &&
	       endpoint->acked <= endpoint->last;
}

/** take(): one segment, all steps. */
static void take(struct tcphs_zeek *zeek, unsigned side, const struct tcphs_segment *segment)
{
	const unsigned flags = segment->flags;
	struct step step = {
		.segment = segment, .sender = &zeek->endpoint[side], .peer = &zeek->endpoint[!side], .side = side,
		.originator = side == zeek->originator,
	};

	step.span = (flags & TCPHS_RST ? 0 : segment->length) + !!(flags & TCPHS_SYN) + !!(flags & TCPHS_FIN);
	step.end = segment->seq + step.span;
	note_part(zeek, &step);
	place(&step);
	step.seq = extend(segment->seq, step.sender->start, step.sender->last, step.sender->seq_wraps, &step.underflow);
	note_flags(zeek, &step);
	note_window(zeek, &step);
	if (flags & TCPHS_FIN) {
		step.sender->marks |= HAS_FIN;
		step.sender->fin = (uint32_t)step.seq + step.span;
	}
	if (flags & TCPHS_ACK)
		move_acked(&step);
	move_last(zeek, &step);
	move_state(zeek, &step);
	if (flags & TCPHS_ACK)
		take_ack(zeek, !side, step.ack);
	zeek->seen |= step.originator ? SEEN_ANYTHING : SEEN_ANYTHING << ROLE_BITS;
	if (segment->length > 0 && !(flags & TCPHS_RST) && !step.underflow)
		take_data(zeek, side, step.seq + !!(flags & TCPHS_SYN), segment->length);
}

/** is_readable(): the header is sound and wholly captured; of anything else Zeek takes only the addresses and ports. */
static inline bool is_readable(const struct tcphs_segment *segment)
{
	return (segment->have & (TCPHS_BAD_OFFSET | TCPHS_HAVE_OPTIONS)) == TCPHS_HAVE_OPTIONS;
}

void tcphs_zeek_update(struct tcphs_zeek *zeek, unsigned side, const struct tcphs_segment *segment)
{
	if (segment->checksum == TCPHS_CHECKSUM_BAD_IP)
		return;
	if (!(zeek->seen & BEGUN))
		begin(zeek, side, segment);
	if (!is_readable(segment))
		return;
	if (segment->checksum == TCPHS_CHECKSUM_BAD)
		add_scaled(zeek, side, COUNT_CHECKSUM, 'C');
	else
		take(zeek, side, segment);
}

void tcphs_zeek_waits(const struct tcphs_zeek *zeek, const struct tcphs_zeek_numbers numbers[2], uint8_t waits[2])
{
	waits[0] = waits[1] = 0;
	for (unsigned i = 0; i < 2; i++) {
		const struct tcphs_zeek_endpoint *endpoint = &zeek->endpoint[i];

		if (endpoint->start != numbers[i].isn || endpoint->last != numbers[i].next ||
		    endpoint->acked != numbers[i].acked || !is_sound(zeek, i))
			return;
	}
	for (unsigned side = 0; side < 2; side++) {
		const uint32_t seen = zeek->seen >> role_shift(zeek, side);

		waits[side] = seen & SEEN_ANYTHING ? seen & (SEEN_DATA | SEEN_ACK) : 0;
	}
}

void tcphs_zeek_catch_up(struct tcphs_zeek *zeek, const struct tcphs_zeek_numbers numbers[2])
{
	for (unsigned i = 0; i < 2; i++) {
		struct tcphs_zeek_endpoint *endpoint = &zeek->endpoint[i];

		zeek->delivered[i] += numbers[i].next - endpoint->last;
		endpoint->last = numbers[i].next;
		endpoint->acked = numbers[i].acked;
	}
}

/* ---- conn_state ---------------------------------------------------------------------------------- */

/** is_empty(): Zeek's size of the side's data is 0; asked only when both sides have sent something. */
static bool is_empty(const struct tcphs_zeek *zeek, unsigned side)
{
	const struct tcphs_zeek_endpoint *endpoint = &zeek->endpoint[side];
	const int64_t last = ((int64_t)endpoint->seq_wraps << 32) + endpoint->last;
	const int64_t acked = ((int64_t)endpoint->ack_wraps << 32) + endpoint->acked;
	const int64_t size = (last > acked ? last : acked) - endpoint->start;

	/* SYN and FIN each take a number. */
	return size >= 0 && size <= (endpoint->marks & HAS_FIN ? 2 : 1);
}

static bool is_inactive(enum state state)
{
	return state == INACTIVE || state == PARTIAL;
}

/** is_syn_then_reset(): S, then R, and nothing of a handshake or an end between them. */
static bool is_syn_then_reset(const char *history)
{
	if (*history == '^')
		history++;
	if (*history != 'S')
		return false;
	history += strcspn(history, "HAFGIQR");
	return *history == 'R';
}

/** reset_word(): one side at least ended with RST. */
static const char *reset_word(const struct tcphs_zeek *zeek, enum state originator, enum state responder)
{
	if (responder == RESET) {
		if (originator == SYN_SENT || originator == SYN_ACK_SENT)
			return "REJ";
		if (originator == RESET && is_empty(zeek, 0) && is_empty(zeek, 1))
			return "REJ";
		return is_inactive(originator) ? "RSTRH" : "RSTR";
	}
	if (!is_inactive(responder))
		return "RSTO";
	return is_syn_then_reset(zeek->history) ? "RSTOS0" : "OTH";
}

const char *tcphs_zeek_conn_state(const struct tcphs_zeek *zeek)
{
	const enum state originator = zeek->endpoint[zeek->originator].state;
	const enum state responder = zeek->endpoint[!zeek->originator].state;

	if (originator == RESET || responder == RESET)
		return reset_word(zeek, originator, responder);
	if (originator == CLOSED && responder == CLOSED)
		return "SF";
	if (originator == CLOSED)
		return is_inactive(responder) ? "SH" : "S2";
	if (responder == CLOSED)
		return is_inactive(originator) ? "SHR" : "S3";
	if (originator == SYN_SENT && responder == INACTIVE)
		return "S0";
	return originator == ESTABLISHED && responder == ESTABLISHED ? "S1" : "OTH";
}

const char *tcphs_zeek_history(const struct tcphs_zeek *zeek)
{
	return zeek->history;
}
