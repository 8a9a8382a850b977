/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sip.h - SipHash-1-3 (Aumasson, Bernstein) of whole 64-bit words.
 *
 * Keyed, because whoever made the capture chose what is hashed. Its answers stay within the process: which octet of a
 * word comes first is the machine's business.
 */
#ifndef TCPHS_SIP_H
#define TCPHS_SIP_H

#include <stddef.h>
#include <stdint.h>

struct tcphs_sip {
	uint64_t a, b, c, d;
};

static inline uint64_t tcphs_rotate(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline void tcphs_sip_round(struct tcphs_sip *s)
{
	s->a += s->b;
	s->b = tcphs_rotate(s->b, 13) ^ s->a;
	s->a = tcphs_rotate(s->a, 32);
	s->c += s->d;
	s->d = tcphs_rotate(s->d, 16) ^ s->c;
	s->a += s->d;
	s->d = tcphs_rotate(s->d, 21) ^ s->a;
	s->c += s->b;
	s->b = tcphs_rotate(s->b, 17) ^ s->c;
	s->c = tcphs_rotate(s->c, 32);
}

/** tcphs_sip(): |count| words under a key, cut to 32 bits. */
static inline uint32_t tcphs_sip(const uint64_t key[2], const uint64_t *words, size_t count)
{
	struct tcphs_sip s = { key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
	                       key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573) };

	for (size_t i = 0; i < count; i++) {
		s.d ^= words[i];
		tcphs_sip_round(&s);
		s.a ^= words[i];
	}
	s.c ^= 0xff;
	for (unsigned i = 0; i < 3; i++)
		tcphs_sip_round(&s);
	return (uint32_t)(s.a ^ s.b ^ s.c ^ s.d);
}

/**
 * tcphs_secrets(): as many secrets as are wanted of the key's 128 bits, for a multilinear hash (Lemire and Kaser,
 * "Strongly universal string hashing is fast", 2014): the upper half of secret + secret * word + ... Of two keys that
 * somebody chose without knowing the secrets nothing can be told of where they will be, and it takes a multiplication a
 * word.
 */
static inline void tcphs_secrets(const uint64_t key[2], uint64_t *secrets, size_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		const uint64_t halves[2] = { 2 * i, 2 * i + 1 };

		secrets[i] = (uint64_t)tcphs_sip(key, &halves[0], 1) << 32 | tcphs_sip(key, &halves[1], 1);
	}
}

#endif
