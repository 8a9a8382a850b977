/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * captures.c - the captures of a file: itself, or what is packed in it, by libarchive.
 *
 * Theory of operation. What a stream is its first octets tell. A capture gets a reader. What is packed becomes a layer:
 * libarchive takes its octets from that stream, and each member is a stream again, which is looked at in turn. So
 * layers lie upon one another (a zip of tars of captures compressed with gzip), up to LAYERS_MAX. A compressed file is
 * to libarchive an archive of one member, which has the name of the file. Nothing is read ahead or gone back to, but a
 * zip's directory where the zip is a regular file; from a pipe it is read without.
 *
 * What comes out is counted over all layers, and set against what went in at the bottom: beyond the limits the file
 * is given up, in the middle of a member if need be.
 *
 * Members that cannot be read once only (config.again) are copied to a spool while they are read. A file that is a
 * capture, compressed or not, is simply opened again.
 */
#include "reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

/** More layers than people make, and few enough that a file which contains itself is soon given up. */
#define LAYERS_MAX 4

/** struct layer: an archive, or a compressed file. */
struct layer {
	struct tcphs_captures *captures;
	struct archive *archive;
	struct stream *below;    /* its octets */
	size_t lent;             /* of which libarchive has these at present */
	char *name;
	uint64_t data;           /* octets of members given out */
	uint64_t counted;        /* what of the expansion is in captures->expanded already */
	unsigned members;        /* looked at */
};

struct tcphs_captures {
	struct tcphs_input_config config;
	char *path;
	struct stream *bottom;   /* the file, as long as some stream reads it: for what was read of it */
	struct spool *spool;
	uint64_t expanded;
	GPtrArray *layers;       /* of struct layer, the innermost is the last */
	bool begun, exhausted;   /* exhausted: a limit was met */
	bool found;              /* a capture, or a problem: something was given */
	char *name, *problem;    /* of what was given last */
};

/* ---- limits -------------------------------------------------------------------------------------- */

/** count(): adds what the layer has made of its octets since the last time. @return false beyond the limits. */
static bool count(struct layer *layer)
{
	struct tcphs_captures *captures = layer->captures;
	/* A compressed tar is unpacked even where its members are passed over; a zip only as its members are read. */
	uint64_t unpacked = archive_filter_count(layer->archive) > 1 ? (uint64_t)archive_filter_bytes(layer->archive, 0)
	                                                             : 0;
	uint64_t out = MAX(unpacked, layer->data);

	if (out > layer->counted) {
		captures->expanded += out - layer->counted;
		layer->counted = out;
	}
	if (captures->expanded <= TCPHS_EXPANSION_FREE && captures->expanded <= captures->config.expansion_octets)
		return true;
	if (captures->expanded <= captures->config.expansion_octets &&
	    captures->expanded / captures->config.expansion_ratio <= captures->bottom->pulled)
		return true;
	captures->exhausted = true;
	return false;
}

/** bomb(): a part of a sentence, for g_free(). */
static char *bomb(const struct tcphs_captures *captures)
{
	if (captures->expanded > captures->config.expansion_octets)
		return g_strdup_printf("it unpacks to more than %" G_GUINT64_FORMAT " octets, as if made to do harm",
		                       captures->config.expansion_octets);
	return g_strdup_printf("it unpacks to more than %" G_GUINT64_FORMAT " times its size, as if made to do harm",
	                       captures->config.expansion_ratio);
}

/* ---- libarchive ---------------------------------------------------------------------------------- */

static la_ssize_t on_read(struct archive *archive, void *data, const void **octets)
{
	struct layer *layer = data;

	stream_take(layer->below, layer->lent);
	layer->lent = 0;
	if (!count(layer)) {
		g_autofree char *problem = bomb(layer->captures);

		archive_set_error(archive, EIO, "%s", problem);
		return ARCHIVE_FATAL;
	}
	stream_need(layer->below, 1);
	if (layer->below->problem && stream_available(layer->below) == 0) {
		archive_set_error(archive, EIO, "%s", layer->below->problem);
		return ARCHIVE_FATAL;
	}
	*octets = stream_data(layer->below);
	return (la_ssize_t)(layer->lent = stream_available(layer->below));
}

static la_int64_t on_seek(struct archive *archive, void *data, la_int64_t offset, int whence)
{
	struct layer *layer = data;
	int64_t place;

	stream_take(layer->below, layer->lent);
	layer->lent = 0;
	place = stream_seek(layer->below, offset, whence);
	if (place < 0)
		archive_set_error(archive, EIO, "no way back");
	return place < 0 ? ARCHIVE_FATAL : place;
}

/** reason(): why unpacking fails, as libarchive says it, fit to be printed, for g_free(). */
static char *reason(const struct layer *layer)
{
	const char *said = archive_error_string(layer->archive);
	char *text, *octet;

	if (layer->captures->exhausted)
		return bomb(layer->captures);
	text = g_strdup(said ? said : "no reason is known");
	for (octet = text; *octet; octet++)
		if (!g_ascii_isprint(*octet))
			*octet = '?';
	return text;
}

static void layer_free(gpointer data)
{
	struct layer *layer = data;

	archive_read_free(layer->archive);
	if (layer->captures->bottom == layer->below)
		layer->captures->bottom = NULL;
	stream_close(layer->below);
	g_free(layer->name);
	g_free(layer);
}

/** layer_open(): only formats and compressions that libarchive does itself: some others run programs. */
static bool layer_open(struct layer *layer)
{
	struct archive *archive = layer->archive = archive_read_new();

	archive_read_support_filter_gzip(archive);
	archive_read_support_filter_bzip2(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_zstd(archive);
	archive_read_support_filter_lz4(archive);
	archive_read_support_format_tar(archive);
	archive_read_support_format_zip(archive);
	archive_read_support_format_empty(archive);
	archive_read_support_format_raw(archive);
	archive_read_set_read_callback(archive, on_read);
	if (stream_is_file(layer->below) && layer->below->offset == 0)
		archive_read_set_seek_callback(archive, on_seek);
	archive_read_set_callback_data(archive, layer);
	return archive_read_open1(archive) >= ARCHIVE_WARN;
}

/* ---- members as streams -------------------------------------------------------------------------- */

static ssize_t member_pull(struct stream *stream, void *into, size_t size)
{
	struct layer *layer = stream->data;
	la_ssize_t got;
	char *problem;

	do {
		got = archive_read_data(layer->archive, into, size);
	} while (got == ARCHIVE_RETRY);
	if (got > 0)
		layer->data += (uint64_t)got;
	if (got >= 0 && count(layer))
		return got;
	problem = reason(layer);
	stream_fail(stream, problem);
	g_free(problem);
	return -1;
}

static void member_close(struct stream *stream)
{
	(void)stream; /* the layer passes over what was not read */
}

static const struct stream_source member_source = { member_pull, NULL, member_close };

/* ---- one after another --------------------------------------------------------------------------- */

struct tcphs_captures *tcphs_captures_open(const char *path, const struct tcphs_input_config *config)
{
	struct tcphs_captures *captures = g_new0(struct tcphs_captures, 1);

	captures->config = *config;
	captures->path = g_strdup(path);
	captures->layers = g_ptr_array_new();
	return captures;
}

void tcphs_captures_close(struct tcphs_captures *captures)
{
	if (!captures)
		return;
	while (captures->layers->len > 0)
		layer_free(g_ptr_array_steal_index(captures->layers, captures->layers->len - 1));
	g_ptr_array_unref(captures->layers);
	spool_unref(captures->spool);
	g_free(captures->path);
	g_free(captures->name);
	g_free(captures->problem);
	g_free(captures);
}

/** give(): *capture is |name|'s; takes both strings over. */
static bool give(struct tcphs_captures *captures, struct tcphs_capture *capture, char *name,
                 struct tcphs_input *input, char *problem)
{
	g_free(captures->name);
	g_free(captures->problem);
	captures->name = name;
	captures->problem = problem;
	captures->found = true;
	*capture = (struct tcphs_capture){ name, input, problem, false };
	return true;
}

/** is_itself(): the stream is the whole file, at most compressed. */
static bool is_itself(const struct tcphs_captures *captures)
{
	guint i;

	for (i = 0; i < captures->layers->len; i++) {
		const struct layer *layer = g_ptr_array_index(captures->layers, i);

		if (archive_format(layer->archive) != ARCHIVE_FORMAT_RAW)
			return false;
	}
	return true;
}

/** keep_origin(): sees to it that the stream's octets can be read again. */
static bool keep_origin(struct tcphs_captures *captures, struct stream *stream, struct origin *origin, char **message)
{
	if (!captures->config.again)
		return true;
	if (is_itself(captures) && stream_is_file(captures->bottom) && strcmp(captures->path, "-") != 0) {
		origin->path = g_strdup(captures->path);
		return true;
	}
	if (!captures->spool && !(captures->spool = spool_new(message)))
		return false;
	origin->extent = extent_ref(stream_copy(stream, captures->spool));
	return true;
}

static bool give_input(struct tcphs_captures *captures, struct tcphs_capture *capture, char *name,
                       struct stream *stream)
{
	struct origin origin = { 0 };
	struct tcphs_input *input = NULL;
	char *message = NULL;

	if (keep_origin(captures, stream, &origin, &message))
		input = input_start(stream, &captures->config, &message);
	else
		stream_close(stream);
	if (input)
		input->origin = origin;
	else
		origin_clear(&origin);
	return give(captures, capture, name, input, message);
}

/** unfold(): a layer more; takes both over. @return true if *capture* was set, to a problem. */
static bool unfold(struct tcphs_captures *captures, struct tcphs_capture *capture, char *name, struct stream *stream)
{
	struct layer *layer = g_new0(struct layer, 1);
	g_autofree char *why = NULL;
	char *problem;

	layer->captures = captures;
	layer->below = stream;
	layer->name = name;
	g_ptr_array_add(captures->layers, layer);
	if (captures->layers->len > LAYERS_MAX)
		problem = g_strdup_printf("is packed more than %d times over: unpack it first", LAYERS_MAX);
	else if (layer_open(layer))
		return false;
	else
		problem = g_strdup_printf("cannot be unpacked (%s): copy it again", why = reason(layer));
	name = g_strdup(name);
	layer_free(g_ptr_array_steal_index(captures->layers, captures->layers->len - 1));
	return give(captures, capture, name, NULL, problem);
}

/** consider(): what a stream at its first octet is; takes both over. @return true if *capture* was set. */
static bool consider(struct tcphs_captures *captures, struct tcphs_capture *capture, char *name, struct stream *stream)
{
	enum kind kind = input_kind(stream);
	bool whole = captures->layers->len == 0, given = false;

	if (kind == KIND_CAPTURE)
		return give_input(captures, capture, name, stream);
	if (kind == KIND_PACKED)
		return unfold(captures, capture, name, stream);
	if (stream->problem) {
		given = give(captures, capture, name, NULL,
		             g_strdup_printf("cannot be read (%s): %s", stream->problem,
		                             whole ? "give a capture file" : "copy it again"));
	} else if (whole) {
		given = give(captures, capture, name, NULL, input_nothing(stream));
		capture->nothing = true;
	} else {
		g_free(name);
	}
	stream_close(stream);
	return given;
}

/** member_name(): of the entry; what is not in the locale's characters is still a name. */
static char *member_name(const struct layer *layer, struct archive_entry *entry)
{
	const char *path = archive_entry_pathname(entry);

	if (archive_format(layer->archive) == ARCHIVE_FORMAT_RAW)
		return g_strdup(layer->name);
	if (!path)
		path = archive_entry_pathname_utf8(entry);
	return path ? g_strdup_printf("%s/%s", layer->name, path)
	            : g_strdup_printf("%s/member %u", layer->name, layer->members);
}

/** end_layer(): after its last member, or where it is broken. @return true if *capture* was set. */
static bool end_layer(struct tcphs_captures *captures, struct tcphs_capture *capture, struct layer *layer, int result)
{
	char *name = g_strdup(layer->name), *problem = NULL;

	if (result != ARCHIVE_EOF) {
		g_autofree char *why = reason(layer);

		problem = g_strdup_printf("cannot be unpacked any further (%s): copy it again if its rest matters",
		                          why);
	}
	layer_free(g_ptr_array_steal_index(captures->layers, captures->layers->len - 1));
	if (problem)
		return give(captures, capture, name, NULL, problem);
	g_free(name);
	return false;
}

/** step(): the next member of the innermost layer. @return true if *capture* was set. */
static bool step(struct tcphs_captures *captures, struct tcphs_capture *capture)
{
	struct layer *layer = g_ptr_array_index(captures->layers, captures->layers->len - 1);
	struct archive_entry *entry;
	int result = archive_read_next_header(layer->archive, &entry);

	if (result == ARCHIVE_RETRY)
		return false;
	if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
		return end_layer(captures, capture, layer, result);
	layer->members++;
	if (archive_format(layer->archive) == ARCHIVE_FORMAT_RAW && archive_filter_count(layer->archive) <= 1)
		return end_layer(captures, capture, layer, ARCHIVE_EOF); /* it only began as if it were compressed */
	if (archive_entry_filetype(entry) != AE_IFREG)
		return false;
	if (archive_entry_is_data_encrypted(entry))
		return give(captures, capture, member_name(layer, entry), NULL,
		            g_strdup("is encrypted: unpack it with its password first"));
	return consider(captures, capture, member_name(layer, entry), stream_new(&member_source, layer));
}

/** begin(): the file itself. */
static bool begin(struct tcphs_captures *captures, struct tcphs_capture *capture)
{
	char *message = NULL;

	captures->begun = true;
	captures->bottom = stream_open(captures->path, &message);
	if (!captures->bottom)
		return give(captures, capture, g_strdup(captures->path), NULL, message);
	return consider(captures, capture, g_strdup(captures->path), captures->bottom);
}

bool tcphs_captures_next(struct tcphs_captures *captures, struct tcphs_capture *capture)
{
	if (!captures->begun && begin(captures, capture))
		return true;
	while (captures->layers->len > 0) {
		if (captures->exhausted)
			layer_free(g_ptr_array_steal_index(captures->layers, captures->layers->len - 1));
		else if (step(captures, capture))
			return true;
	}
	if (captures->found)
		return false;
	give(captures, capture, g_strdup(captures->path), NULL,
	     g_strdup("holds no capture: name a pcap or pcapng file, or an archive of them"));
	return capture->nothing = true;
}
