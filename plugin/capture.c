/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture.c - what is kept of the capture that is open: the engine's tracker, and a mark for every TCP header.
 *
 * Theory of operation. Wireshark dissects a frame once in file order, when pinfo->fd->visited is not set, and then as
 * often and in such an order as it likes. The engine hears of a segment the first time only. It answers with a mark of
 * 32 octets, which is appended to one growing array; marks_of_frame says where a frame's marks begin. The nth TCP
 * header of a frame has the nth of them, whatever lies between the layers (the layer number names no layer uniquely).
 * The engine's name for a segment, its ref, is the index of its mark plus one, because one frame can hold several; the
 * array frames leads back from there to frame numbers.
 *
 * A number does not always stay with its frame. Under a read filter (tshark -2 -R, the file dialog) each frame is
 * dissected before it is known whether it stays, and the next frame gets the number of one that was dropped. So a
 * number that is met again without "visited" means one of two things: the same record once more (its offset in the
 * file is the same), which is a replay, or another record, and then the marks under this number lose their frame, and
 * nothing will link to them any more. The engine has heard of the dropped segment all the same: the verdict is that of
 * the whole file.
 *
 * All that belongs to one dissection of one frame is kept in one place, since Wireshark dissects one frame at a time.
 * It is made at the frame's first TCP header and given up by the post-dissector, which Wireshark calls in any case.
 *
 * Memory can run out. Then everything that is kept would be wrong sooner or later, so annotating stops for this
 * capture, which is said once.
 */
#include "capture.h"

#include "census.h"
#include "fields.h"
#include "plugin.h"

/* Large enough that the C library gives the arrays pages of their own, which move without being copied. */
#define ROOM_MIN 65536

#define NO_MARKS 0  /* in marks_of_frame, which holds indices plus one; all octets are 0, too */

static struct {
	struct tcphs_tracker *tracker;  /* NULL before the first frame */
	bool stopped;
	struct tcphs_mark *marks;
	guint32 *frames;                /* of each mark, 0 where the frame was filtered away */
	size_t count, room;             /* of the two above */
	guint32 *marks_of_frame;
	size_t frames_known, frames_room;  /* up to the latest frame with a mark, none behind it is set */
	guint32 newest;                 /* number and file offset of the latest record met for the first time */
	gint64 newest_offset;
	struct tcphs_dissection dissection;
} capture;

void tcphs_capture_cleanup(void)
{
	if (capture.tracker)
		tcphs_census_close_capture();
	tcphs_tracker_del(capture.tracker);
	g_free(capture.marks);
	g_free(capture.frames);
	g_free(capture.marks_of_frame);
	memset(&capture, 0, sizeof(capture));
}

void tcphs_capture_init(void)
{
	tcphs_capture_cleanup();
}

/** stop(): there is no way on for this capture; says so once. */
static void stop(void)
{
	if (!capture.stopped)
		ws_warning("tcphs: out of memory at frame %u, handshakes of this capture are not annotated; "
		           "filter or split the capture and open it again", capture.newest);
	capture.stopped = true;
}

/** start(): makes the tracker, with the settings as they are now. Apart, for it is big and happens once. */
G_GNUC_NO_INLINE
static bool start(void)
{
	struct tcphs_config config;

	tcphs_config_default(&config);
	config.keep = true;
	config.zeek = false;
	config.stream_rule = TCPHS_WS_STREAM_RULE;
	tcphs_preferences_apply(&config);
	/* A capture must not be able to choose its hash collisions. */
	for (int i = 0; i < 2; i++)
		config.hash_key[i] = (uint64_t)g_random_int() << 32 | g_random_int();
	if (tcphs_tracker_new(&capture.tracker, &config) != TCPHS_OK)
		stop();
	return !capture.stopped;
}

/** grow(): room for |count| elements of |size| octets in *array, in no state; false if memory ran out. */
static bool grow(void **array, size_t *room, size_t count, size_t size)
{
	size_t wanted = *room ? *room + *room / 2 : ROOM_MIN;
	void *grown;

	if (count <= *room)
		return true;
	if (wanted < count)
		wanted = count;
	grown = g_try_realloc_n(*array, wanted, size);
	if (!grown)
		return false;
	*array = grown;
	*room = wanted;
	return true;
}

/** time_of(): a frame without a time stamp comes when the one before it came. */
static tcphs_time time_of(const packet_info *pinfo)
{
	if (!(pinfo->presence_flags & PINFO_HAS_TS))
		return tcphs_tracker_end(capture.tracker);
	/* A damaged file can have any number of seconds. */
	if (pinfo->abs_ts.secs > INT64_MAX / TCPHS_SECOND - 1 || pinfo->abs_ts.secs < INT64_MIN / TCPHS_SECOND + 1)
		return tcphs_tracker_end(capture.tracker);
	return pinfo->abs_ts.secs * TCPHS_SECOND + pinfo->abs_ts.nsecs;
}

/** forget_marks(): frame |number| turned out to be another one; what was marked under its number has no frame now. */
static void forget_marks(guint32 number)
{
	if (number >= capture.frames_known || capture.marks_of_frame[number] == NO_MARKS)
		return;
	for (size_t i = capture.marks_of_frame[number] - 1; i < capture.count && capture.frames[i] == number; i++)
		capture.frames[i] = 0;
	capture.marks_of_frame[number] = NO_MARKS;
}

/** meet(): the dissection of a record begins. @return whether it is its first one. */
static inline bool meet(const packet_info *pinfo)
{
	if (pinfo->fd->visited || capture.stopped)
		return false;
	if (capture.newest == pinfo->num && capture.newest_offset == pinfo->fd->file_off)
		return false;
	if (!capture.tracker && !start())
		return false;
	capture.newest = pinfo->num;
	capture.newest_offset = pinfo->fd->file_off;
	forget_marks(pinfo->num);
	capture.dissection.time = time_of(pinfo);
	return true;
}

/** first_mark(): index of the first mark that frame |number| got on its first visit, or of no mark. */
static uint32_t first_mark(guint32 number)
{
	return (number < capture.frames_known ? capture.marks_of_frame[number] : NO_MARKS) - 1;
}

struct tcphs_dissection *tcphs_capture_enter(packet_info *pinfo)
{
	struct tcphs_dissection *dissection = &capture.dissection;

	if (dissection->pinfo == pinfo && dissection->number == pinfo->num)
		return dissection;
	dissection->fresh = meet(pinfo);
	if (capture.stopped || !capture.tracker)
		return NULL;
	dissection->pinfo = pinfo;
	dissection->number = pinfo->num;
	dissection->next = first_mark(pinfo->num);
	dissection->layers = NULL;
	dissection->end = &dissection->layers;
	return dissection;
}

const struct tcphs_layer *tcphs_capture_leave(packet_info *pinfo)
{
	struct tcphs_dissection *dissection = &capture.dissection;
	bool ours = dissection->pinfo == pinfo && dissection->number == pinfo->num;

	dissection->pinfo = NULL;
	/* Of a frame with a TCP header the engine has learnt the time by that. */
	if (!ours && meet(pinfo))
		tcphs_tracker_frame(capture.tracker, dissection->time);
	return ours && !capture.stopped ? dissection->layers : NULL;
}

/** make_room(): for one more mark, of frame |number|; false if there is no memory. */
G_GNUC_NO_INLINE
static bool make_room(guint32 number)
{
	size_t room = capture.room;

	if (capture.count >= UINT32_MAX - 1)
		return false;
	/* Two arrays of one size: the second is no larger before both have grown. */
	if (capture.count >= capture.room &&
	    (!grow((void **)&capture.marks, &room, capture.count + 1, sizeof(capture.marks[0])) ||
	     !grow((void **)&capture.frames, &capture.room, capture.count + 1, sizeof(capture.frames[0]))))
		return false;
	return grow((void **)&capture.marks_of_frame, &capture.frames_room, (size_t)number + 1,
	            sizeof(capture.marks_of_frame[0]));
}

/** reserve(): room for one more mark, of frame |number|. What no frame needed yet stays untouched: not resident. */
static inline bool reserve(guint32 number)
{
	if ((capture.count >= capture.room || number >= capture.frames_room) && !make_room(number))
		return false;
	if (number < capture.frames_known)
		return true;
	/* Most come one after the other. */
	if (number > capture.frames_known)
		memset(&capture.marks_of_frame[capture.frames_known], NO_MARKS,
		       (number - capture.frames_known) * sizeof(capture.marks_of_frame[0]));
	capture.marks_of_frame[number] = NO_MARKS;
	capture.frames_known = (size_t)number + 1;
	return true;
}

/** replay(): the mark that the next TCP header of the frame got on its first visit. */
static bool replay(const packet_info *pinfo, struct tcphs_dissection *dissection, struct tcphs_layer *layer)
{
	layer->index = dissection->next;
	if (layer->index >= capture.count || capture.frames[layer->index] != pinfo->num)
		return false;
	dissection->next++;
	return true;
}

/** append(): the mark that the engine has just written becomes the frame's next one. */
static void append(const packet_info *pinfo)
{
	capture.frames[capture.count] = pinfo->num;
	if (capture.marks_of_frame[pinfo->num] == NO_MARKS)
		capture.marks_of_frame[pinfo->num] = (guint32)capture.count + 1;
	capture.count++;
}

bool tcphs_capture_segment(packet_info *pinfo, struct tcphs_dissection *dissection, struct tcphs_layer *layer,
                           const struct tcphs_key *key)
{
	if (!dissection->fresh)
		return replay(pinfo, dissection, layer);
	layer->segment.time = dissection->time;
	layer->index = (uint32_t)capture.count;
	layer->segment.ref = tcphs_capture_ref(layer->index);
	if (capture.stopped || !reserve(pinfo->num) ||
	    tcphs_tracker_segment(capture.tracker, key, &layer->segment, &capture.marks[capture.count]) != TCPHS_OK) {
		stop();
		return false;
	}
	append(pinfo);
	return true;
}

bool tcphs_capture_quote(packet_info *pinfo, struct tcphs_dissection *dissection, struct tcphs_layer *layer,
                         struct tcphs_quote *quote)
{
	if (!dissection->fresh)
		return replay(pinfo, dissection, layer);
	layer->segment.time = dissection->time;
	layer->index = (uint32_t)capture.count;
	layer->segment.ref = tcphs_capture_ref(layer->index);
	quote->segment = layer->segment;
	if (capture.stopped || !reserve(pinfo->num) ||
	    tcphs_tracker_quote(capture.tracker, quote, &capture.marks[capture.count]) != TCPHS_OK) {
		stop();
		return false;
	}
	append(pinfo);
	return true;
}

uint32_t tcphs_capture_marks(void)
{
	return (uint32_t)capture.count;
}

const struct tcphs_mark *tcphs_capture_mark(uint32_t index)
{
	return &capture.marks[index];
}

void tcphs_capture_certain(uint32_t connection, struct tcphs_summary *summary)
{
	tcphs_tracker_certain(capture.tracker, connection, tcphs_tracker_end(capture.tracker), summary);
}

void tcphs_capture_summary(uint32_t connection, struct tcphs_summary *summary)
{
	tcphs_tracker_summary(capture.tracker, connection, tcphs_tracker_end(capture.tracker), summary);
}

guint32 tcphs_capture_frame_of(tcphs_ref ref)
{
	return ref != 0 && ref <= capture.count ? capture.frames[ref - 1] : 0;
}

bool tcphs_capture_connection_of(guint32 frame, uint32_t *connection)
{
	bool found = false;

	for (size_t i = first_mark(frame); i < capture.count && capture.frames[i] == frame; i++) {
		if (capture.marks[i].connection != TCPHS_NO_CONNECTION) {
			*connection = capture.marks[i].connection;
			found = true;
		}
	}
	return found;
}
