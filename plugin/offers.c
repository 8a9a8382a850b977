/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * offers.c - what a SYN or SYN-ACK offers, and what both sides agreed on, as subtrees.
 *
 * Theory of operation. A closed subtree shows its label only, so the label names what there is: "Offered in this
 * segment: MSS 1460, window scale 7, SACK, timestamps". The fields below it say it again one by one, no and none too,
 * because a filter may ask for them.
 */
#include "view.h"

/** add_yes(), add_named(): hidden where it is no or none, which the label says by silence. */
static void add_yes(const struct view *view, proto_tree *tree, enum tcphs_field field, bool yes)
{
	proto_item *item = tree_add_boolean(view, tree, field, yes);

	if (!yes)
		proto_item_set_hidden(item);
}

static void add_named(const struct view *view, proto_tree *tree, enum tcphs_field field, const char *word, bool none)
{
	proto_item *item = tree_add_string(view, tree, field, word);

	if (none)
		proto_item_set_hidden(item);
}

/** append(): one more part of a label, after a comma but for the first. */
G_GNUC_PRINTF(2, 3)
static void append(wmem_strbuf_t *label, const char *format, ...)
{
	va_list arguments;
	size_t length = wmem_strbuf_get_len(label);

	if (length > 0 && wmem_strbuf_get_str(label)[length - 1] != ' ')
		wmem_strbuf_append(label, ", ");
	va_start(arguments, format);
	wmem_strbuf_append_vprintf(label, format, arguments);
	va_end(arguments);
}

/** append_common(): what an offer and an agreement have both. */
static void append_common(wmem_strbuf_t *label, bool sack, bool timestamps, bool fast_open, bool mptcp, uint8_t ecn,
                          uint8_t auth)
{
	if (sack)
		append(label, "SACK");
	if (timestamps)
		append(label, "timestamps");
	if (fast_open)
		append(label, "Fast Open");
	if (mptcp)
		append(label, "Multipath TCP");
	if (ecn != TCPHS_ECN_NONE)
		append(label, ecn == TCPHS_ECN_ACCURATE ? "accurate ECN" : "ECN");
	if (auth != TCPHS_AUTH_NONE)
		append(label, auth == TCPHS_AUTH_AO ? "TCP-AO" : "MD5 signature");
}

static const char *offer_label(const struct view *view, const struct tcphs_offer *offer)
{
	wmem_strbuf_t *label = wmem_strbuf_new(view->pinfo->pool, "Offered in this segment: ");
	size_t empty = wmem_strbuf_get_len(label);

	if (offer->has_mss)
		append(label, "MSS %u", offer->mss);
	if (offer->has_wscale)
		append(label, "window scale %u", offer->wscale);
	append_common(label, offer->sack, offer->timestamps, offer->fast_open, offer->mptcp, offer->ecn, offer->auth);
	if (wmem_strbuf_get_len(label) == empty)
		append(label, "nothing");
	return wmem_strbuf_get_str(label);
}

void offers_show(const struct view *view, proto_tree *parent)
{
	const struct tcphs_offer *client = &view->summary.offer[TCPHS_CLIENT];
	enum tcphs_ecn asked = client->present ? (enum tcphs_ecn)client->ecn : TCPHS_ECN_ACCURATE;
	struct tcphs_offer offer;
	proto_tree *tree;

	tcphs_segment_offer(&view->layer->segment, asked, &offer);
	if (!offer.present)
		return;
	tree = tree_add_branch(view, parent, TCPHS_TREE_OFFER, offer_label(view, &offer));
	if (offer.has_mss)
		tree_add_uint(view, tree, TCPHS_FIELD_OFFER_MSS, offer.mss);
	if (offer.has_wscale)
		tree_add_uint(view, tree, TCPHS_FIELD_OFFER_WSCALE, offer.wscale);
	add_yes(view, tree, TCPHS_FIELD_OFFER_SACK, offer.sack);
	add_yes(view, tree, TCPHS_FIELD_OFFER_TIMESTAMPS, offer.timestamps);
	add_yes(view, tree, TCPHS_FIELD_OFFER_FAST_OPEN, offer.fast_open);
	if (offer.fast_open)
		tree_add_uint(view, tree, TCPHS_FIELD_OFFER_COOKIE_LENGTH, offer.cookie_length);
	add_yes(view, tree, TCPHS_FIELD_OFFER_MPTCP, offer.mptcp);
	add_named(view, tree, TCPHS_FIELD_OFFER_ECN, tcphs_ecn_word((enum tcphs_ecn)offer.ecn),
	          offer.ecn == TCPHS_ECN_NONE);
	add_named(view, tree, TCPHS_FIELD_OFFER_AUTH, tcphs_auth_word((enum tcphs_auth)offer.auth),
	          offer.auth == TCPHS_AUTH_NONE);
}

static const char *agreed_label(const struct view *view, const struct tcphs_agreement *agreed)
{
	wmem_strbuf_t *label = wmem_strbuf_new(view->pinfo->pool, "Agreed by both: ");

	append(label, "MSS %u to the server, %u to the client", agreed->mss_to_server, agreed->mss_to_client);
	if (agreed->has_wscale)
		append(label, "window scale %u and %u", agreed->wscale_to_server, agreed->wscale_to_client);
	append_common(label, agreed->sack, agreed->timestamps, agreed->fast_open, agreed->mptcp, agreed->ecn,
	              agreed->auth);
	return wmem_strbuf_get_str(label);
}

void offers_show_agreed(const struct view *view, proto_tree *parent)
{
	const struct tcphs_agreement *agreed = &view->summary.agreed;
	proto_tree *tree;

	if (!agreed->present || !view->opening)
		return;
	tree = tree_add_branch(view, parent, TCPHS_TREE_AGREED, agreed_label(view, agreed));
	tree_add_uint(view, tree, TCPHS_FIELD_AGREED_MSS_TO_CLIENT, agreed->mss_to_client);
	tree_add_uint(view, tree, TCPHS_FIELD_AGREED_MSS_TO_SERVER, agreed->mss_to_server);
	if (agreed->has_wscale) {
		tree_add_uint(view, tree, TCPHS_FIELD_AGREED_WSCALE_TO_CLIENT, agreed->wscale_to_client);
		tree_add_uint(view, tree, TCPHS_FIELD_AGREED_WSCALE_TO_SERVER, agreed->wscale_to_server);
	}
	add_yes(view, tree, TCPHS_FIELD_AGREED_SACK, agreed->sack);
	add_yes(view, tree, TCPHS_FIELD_AGREED_TIMESTAMPS, agreed->timestamps);
	add_yes(view, tree, TCPHS_FIELD_AGREED_FAST_OPEN, agreed->fast_open);
	add_yes(view, tree, TCPHS_FIELD_AGREED_MPTCP, agreed->mptcp);
	add_named(view, tree, TCPHS_FIELD_AGREED_ECN, tcphs_ecn_word((enum tcphs_ecn)agreed->ecn),
	          agreed->ecn == TCPHS_ECN_NONE);
	add_named(view, tree, TCPHS_FIELD_AGREED_AUTH, tcphs_auth_word((enum tcphs_auth)agreed->auth),
	          agreed->auth == TCPHS_AUTH_NONE);
}
