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

/** part(): one more part of a label, after a comma but for the first, which comes after a space. */
static void part(struct line *label, const char *word)
{
	if (label->text[label->length - 1] != ' ')
		line_add(label, ", ");
	line_add(label, word);
}

static void part_number(struct line *label, const char *word, guint32 number)
{
	part(label, word);
	line_add_number(label, number);
}

/** common_parts(): what an offer and an agreement have both. */
static void common_parts(struct line *label, bool sack, bool timestamps, bool fast_open, bool mptcp, uint8_t ecn,
                          uint8_t auth)
{
	if (sack)
		part(label, "SACK");
	if (timestamps)
		part(label, "timestamps");
	if (fast_open)
		part(label, "Fast Open");
	if (mptcp)
		part(label, "Multipath TCP");
	if (ecn != TCPHS_ECN_NONE)
		part(label, ecn == TCPHS_ECN_ACCURATE ? "accurate ECN" : "ECN");
	if (auth != TCPHS_AUTH_NONE)
		part(label, auth == TCPHS_AUTH_AO ? "TCP-AO" : "MD5 signature");
}

static void offer_label(const struct tcphs_offer *offer, struct line *label)
{
	size_t empty;

	line_add(label, "Offered in this segment: ");
	empty = label->length;
	if (offer->has_mss)
		part_number(label, "MSS ", offer->mss);
	if (offer->has_wscale)
		part_number(label, "window scale ", offer->wscale);
	common_parts(label, offer->sack, offer->timestamps, offer->fast_open, offer->mptcp, offer->ecn, offer->auth);
	if (label->length == empty)
		part(label, "nothing");
}

void offers_show(const struct view *view, proto_tree *parent)
{
	const struct tcphs_offer *client = &view->summary.offer[TCPHS_CLIENT];
	enum tcphs_ecn asked = client->present ? (enum tcphs_ecn)client->ecn : TCPHS_ECN_ACCURATE;
	char text[LINE_LENGTH];
	struct line label = line_over(text, sizeof(text));
	struct tcphs_offer offer;
	proto_tree *tree;

	tcphs_segment_offer(&view->layer->segment, asked, &offer);
	if (!offer.present)
		return;
	offer_label(&offer, &label);
	tree = tree_add_branch(view, parent, TCPHS_TREE_OFFER, text);
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

static void agreed_label(const struct tcphs_agreement *agreed, struct line *label)
{
	line_add(label, "Agreed by both: ");
	part_number(label, "MSS ", agreed->mss_to_server);
	line_add(label, " to the server");
	part_number(label, "", agreed->mss_to_client);
	line_add(label, " to the client");
	if (agreed->has_wscale) {
		part_number(label, "window scale ", agreed->wscale_to_server);
		line_add(label, " and ");
		line_add_number(label, agreed->wscale_to_client);
	}
	common_parts(label, agreed->sack, agreed->timestamps, agreed->fast_open, agreed->mptcp, agreed->ecn,
	             agreed->auth);
}

void offers_show_agreed(const struct view *view, proto_tree *parent)
{
	const struct tcphs_agreement *agreed = &view->summary.agreed;
	char text[LINE_LENGTH];
	struct line label = line_over(text, sizeof(text));
	proto_tree *tree;

	if (!agreed->present || !view->opening)
		return;
	agreed_label(agreed, &label);
	tree = tree_add_branch(view, parent, TCPHS_TREE_AGREED, text);
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
