/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tag.c - what stands between the addresses of an Ethernet frame and its contents, but VLAN tags.
 *
 * Each layer begins behind the Ethernet type that announces it.
 */
#include "layers.h"

/** tagged(): what follows a tag of |size| octets, of which the last two are an Ethernet type. */
static void tagged(struct decode *decode, struct span span, uint32_t size)
{
	if (!lacks(decode, span, size))
		ethertype_or_length(decode, get16(span.octets + size - 2), inner(span, size));
}

/** layer_etag(): priority and two identifiers of the port extender's ports (IEEE 802.1BR). */
void layer_etag(struct decode *decode, struct span span)
{
	tagged(decode, span, 8);
}

/** layer_vntag(): two identifiers of virtual interfaces. */
void layer_vntag(struct decode *decode, struct span span)
{
	tagged(decode, span, 6);
}

/** layer_hsr(): path, size and sequence number (IEC 62439-3). */
void layer_hsr(struct decode *decode, struct span span)
{
	tagged(decode, span, 6);
}

/** layer_rtag(): two octets reserved, a sequence number (IEEE 802.1CB). */
void layer_rtag(struct decode *decode, struct span span)
{
	tagged(decode, span, 6);
}

/** layer_cmd(): version, length, and one option, a security group tag. */
void layer_cmd(struct decode *decode, struct span span)
{
	tagged(decode, span, 8);
}

/** layer_hbbak(): six octets of the back plane. */
void layer_hbbak(struct decode *decode, struct span span)
{
	tagged(decode, span, 8);
}

/** layer_vmlab(): flags, group, and the addresses that the machines see. */
void layer_vmlab(struct decode *decode, struct span span)
{
	tagged(decode, span, 24);
}

/** layer_pbb(): an instance tag, then the customer's addresses and type (IEEE 802.1ah). */
void layer_pbb(struct decode *decode, struct span span)
{
	enum { TAG = 4, ADDRESSES = 12 };

	if (lacks(decode, span, TAG + ADDRESSES + 2))
		return;
	tagged(decode, span, TAG + ADDRESSES + 2);
}

/** layer_trill(): six octets and options, then a whole frame (RFC 6325 3). */
void layer_trill(struct decode *decode, struct span span)
{
	uint32_t size;

	if (lacks(decode, span, 6))
		return;
	size = 6 + (get16(span.octets) >> 6 & 31u) * 4;
	if (!lacks(decode, span, size))
		enter(decode, LAYER_ETH, layer_eth, inner(span, size));
}

/** layer_macsec(): with neither the E nor the C bit the contents are as they were (IEEE 802.1AE 9.3). */
void layer_macsec(struct decode *decode, struct span span)
{
	enum { CHANNEL = 0x20, ENCRYPTED = 0x08, CHANGED = 0x04, CHECK = 16 };
	uint32_t size;

	if (lacks(decode, span, 6))
		return;
	if (span.octets[0] & (ENCRYPTED | CHANGED)) {
		not_decoded(decode, "tunnel_macsec");
		return;
	}
	size = (span.octets[0] & CHANNEL ? 14 : 6) + 2;
	tagged(decode, without_tail(span, CHECK), size);
}

/** layer_isl(): 26 octets, then a whole frame with a check sequence, and one of ISL. */
void layer_isl(struct decode *decode, struct span span)
{
	enum { HEADER = 26, KIND = 0xf0, KIND_ETHERNET = 0x00, SIZE_BEFORE = 14, FCS = 4 };
	uint32_t length;

	if (lacks(decode, span, HEADER))
		return;
	if ((span.octets[5] & KIND) != KIND_ETHERNET)
		return;
	length = get16(span.octets + 12);
	if (length > 0)
		span = limited(span, length + SIZE_BEFORE);
	enter(decode, LAYER_ETH, layer_eth, without_tail(inner(span, HEADER), FCS));
}
