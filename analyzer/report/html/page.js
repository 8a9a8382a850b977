/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page.js - filters and sorts the connections, and draws one as a ladder when it is opened.
 *
 * The data is the JSON in the page: words once, then an array for each connection (row.c says the same from the other
 * side). Only so many rows are in the document at a time, so that ten thousand connections filter as quickly as ten.
 * What comes from the capture or from a file's name is only ever set as text.
 */
"use strict";
(() => {
	const data = JSON.parse(document.getElementById("data").textContent);

	/* The places in a connection's array. */
	const [FILE, STREAM, INCARNATION, REASON, BLAME, CLIENT, SERVER, START, FRAMES, LATE, STEPS, RTT, RTT_SERVER, CLOSED,
		ENCAP, FAILING, FINDINGS, LADDER] = Array(18).keys();
	const FIRST_ROWS = 60, MORE_ROWS = 500, PRINTED_ROWS = 2000, SERVERS = 200;
	const SIGNS = ["\u00b7", "\u25cf", "\u25b2", "\u2715"];   /* of severities */

	const by = id => document.getElementById(id);

	/* ---- words ------------------------------------------------------------------------------- */

	const verdictOf = row => data.reasons[row[REASON]][2];
	const verdictWord = row => data.verdicts[verdictOf(row)][0];
	const reasonWord = row => data.reasons[row[REASON]][0];
	const grouped = number => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
	const amount = (number, word) => `${grouped(number)} ${word}${number === 1 ? "" : "s"}`;
	const several = data.files.length > 1;

	/* Nanoseconds, as the other reports print them. */
	function interval(time) {
		const size = Math.abs(time) / 1e9;

		if (time === null)
			return "";
		if (size < 0.9995e-3)
			return `${(time / 1e3).toFixed(0)} us`;
		if (size < 9.995e-3)
			return `${(time / 1e6).toFixed(2)} ms`;
		return size < 0.9995 ? `${(time / 1e6).toFixed(1)} ms` : `${(time / 1e9).toFixed(2)} s`;
	}

	/* Seconds since the epoch as a string, which a number could not hold. */
	function date(start) {
		const [seconds, decimals] = start.split(".");
		const time = new Date(Number(seconds) * 1000);

		if (isNaN(time))
			return `${start} s`;
		return `${time.toISOString().slice(0, 19).replace("T", " ")}.${decimals.replace(/(...)(?=.)/g, "$1 ")} UTC`;
	}

	/* The place of the finding with the highest severity, of these that which says why, else the first; -1 without. */
	function worst(row) {
		const why = data.reasons[row[REASON]][3];
		const weight = ([rule]) => 2 * data.rules[rule][2] + (rule === why ? 1 : 0);

		return row[FINDINGS].reduce((found, finding, place, all) =>
			found < 0 || weight(finding) > weight(all[found]) ? place : found, -1);
	}

	/* ---- elements ---------------------------------------------------------------------------- */

	function element(name, attributes, ...children) {
		const made = document.createElement(name);

		for (const [key, value] of Object.entries(attributes || {}))
			made.setAttribute(key, value);
		made.append(...children);
		return made;
	}

	function shape(parent, name, attributes, text) {
		const made = document.createElementNS("http://www.w3.org/2000/svg", name);

		for (const [key, value] of Object.entries(attributes))
			made.setAttribute(key, value);
		if (text !== undefined)
			made.textContent = text;
		parent.append(made);
		return made;
	}

	/* ---- the ladder -------------------------------------------------------------------------- */

	const LINE = 16;

	let character = 0;

	/* How wide a character of the ladder's font is. */
	function measure() {
		if (character)
			return character;
		const probe = element("div");
		const drawing = shape(probe, "svg", { class: "ladder", width: 10, height: 10 });
		const text = shape(drawing, "text", {}, "0".repeat(100));

		document.body.append(probe);
		character = text.getComputedTextLength() / 100 || 7.3;
		probe.remove();
		return character;
	}

	/* |text| in lines of at most |columns|; those after the first are indented. */
	function wrap(text, columns) {
		const lines = [];
		let line = "";

		for (const word of text.split(" ")) {
			if (line && line.length + 1 + word.length > columns) {
				lines.push(line);
				line = "  " + word;
			} else {
				line = line ? line + " " + word : word;
			}
		}
		lines.push(line);
		return lines;
	}

	/* Where everything is, across. */
	function columnsOf(width) {
		const character = measure();
		const wide = width >= 800;

		if (!wide)
			return { wide, time: 74, frame: 74, client: 86, server: width - 12, notes: 96, room: width - 24 - 96,
				character };
		const client = 250, lane = Math.max(210, Math.min(320, (width - client) * 0.34));
		return { wide, time: 84, frame: 134, client, server: client + lane, notes: client + lane + 122,
			room: width - client - lane - 122, character };
	}

	/* A pencil with a place: |y| grows downwards as rungs are drawn. */
	class Pencil {
		constructor(drawing, columns) {
			this.drawing = drawing;
			this.at = columns;
			this.y = 0;
			this.states = ["", ""];
		}

		text(x, y, text, style = "") {
			shape(this.drawing, "text", { x, y, class: style }, text);
		}

		/* Lines beside the arrow at |y|, or below it. Returns where the last one stands. */
		notes(y, lines) {
			let line = this.at.wide ? y + 4 : y + LINE;

			for (const [text, style] of lines) {
				this.text(this.at.notes, line, text, style);
				line += LINE;
			}
			return line - LINE;
		}

		fold(text, style) {
			const columns = Math.max(16, Math.floor(this.at.room / this.at.character));

			return wrap(text, columns).map(line => [line, style]);
		}

		/* "seq ..., ack ...": in a line, or each in its own. */
		foldNumbers(numbers) {
			const split = numbers.length * this.at.character > this.at.room ? numbers.split(/, (?=ack )/) : [numbers];

			return split.flatMap(part => this.fold(part, ""));
		}

		state(y, role, word) {
			if (!this.at.wide || !word || this.states[role] === word)
				return;
			this.states[role] = word;
			this.text(role ? this.at.server + 8 : this.at.client - 8, y + 4, word, role ? "dim" : "dim right");
		}

		label(y, text, step, style = "") {
			const middle = (this.at.client + this.at.server) / 2;
			const half = text.length * this.at.character / 2;

			this.text(middle, y - 5, text, `middle halo ${step ? "step" : ""} ${style}`);
			if (!step)
				return;
			shape(this.drawing, "circle", { cx: middle - half - 13, cy: y - 9, r: 7, class: "badge" });
			this.text(middle - half - 13, y - 5, String(step), "badge-text");
		}

		arrow(y, toServer, style) {
			const from = toServer ? this.at.client : this.at.server, to = toServer ? this.at.server : this.at.client;
			const back = toServer ? -9 : 9;

			shape(this.drawing, "line", { x1: from, x2: to + back / 2, y1: y, y2: y, class: `arrow ${style}` });
			shape(this.drawing, "path", { d: `M${to} ${y}l${back} -4.5v9z`, class: `tip ${style && style + "-tip"}` });
		}

		/* A step that is looked for in vain, and at its end why. */
		absent(y, toServer, never) {
			const end = toServer ? this.at.server - 8 : this.at.client + 8;

			shape(this.drawing, "line", { x1: this.at.client + 4, x2: this.at.server - 4, y1: y, y2: y,
				class: never ? "absent lost" : "absent" });
			if (never)
				shape(this.drawing, "path", { d: `M${end - 5} ${y - 5}l10 10m0 -10l-10 10`, class: "cross" });
			else
				this.text(end, y + 4, "?", "middle halo dim");
		}
	}

	const seconds = time => (time / 1e9).toFixed(6);

	function drawHeads(pencil, row) {
		const { at } = pencil;

		if (at.wide) {
			const room = row[CLIENT].length * at.character;

			pencil.text(84, 14, "seconds", "dim right");
			pencil.text(134, 14, "frame", "dim right");
			pencil.text(room > at.client - 130 ? Math.max(at.client + 6, room) : at.client + 6,
				room > at.client - 140 ? 30 : 14, row[CLIENT], "head right");
			pencil.text(at.server - 6, room > at.client - 140 ? 30 : 14, row[SERVER], "head");
			pencil.y = room > at.client - 140 ? 40 : 24;
		} else {
			pencil.text(at.client - 6, 14, row[CLIENT], "head");
			pencil.text(at.server + 6, 30, row[SERVER], "head right");
			pencil.y = 40;
		}
	}

	function drawAbsent(pencil, [kind, absence, step]) {
		const never = absence === 1, style = never ? "lost" : "dim", y = pencil.y + 22;

		pencil.absent(y, kind % 2 === 1, never);
		pencil.label(y, data.steps[step], 0, style);
		pencil.y = Math.max(y, pencil.notes(y, pencil.fold(`${data.steps[step]}: ${data.absences[absence]}`, style))) + 8;
	}

	function findingLines(pencil, [rule, , sentence]) {
		const [id, , severity] = data.rules[rule];

		return pencil.fold(`${SIGNS[severity]} ${id}: ${sentence}`, data.severities[severity]);
	}

	function drawSegment(pencil, rung, findings) {
		const [kind, time, frame, label, numbers, extra, client, server, skipped] = rung;
		const icmp = kind >= 2, toServer = kind % 2 === 1;
		const { at } = pencil;

		if (skipped) {
			pencil.text((at.client + at.server) / 2, pencil.y + LINE, `\u22ee ${amount(skipped, "more segment")}`,
				"middle halo dim");
			pencil.y += LINE + 6;
		}
		const y = pencil.y + 22;
		pencil.text(at.time, y + 4, seconds(time), "right");
		pencil.text(at.frame, at.wide ? y + 4 : y + 4 + LINE, at.wide ? String(frame) : `#${frame}`, "dim right");
		pencil.arrow(y, toServer, icmp ? "icmp" : "");
		pencil.label(y, icmp ? label.split(":")[0] : label, icmp ? 0 : extra);
		pencil.state(y, 0, data.states[client]);
		pencil.state(y, 1, data.states[server]);
		const lines = icmp ? pencil.fold(`${label}, from ${extra}, ${numbers}`, "") : pencil.foldNumbers(numbers);
		for (const finding of findings)
			lines.push(...findingLines(pencil, finding));
		pencil.y = Math.max(y + (at.wide ? 0 : LINE), pencil.notes(y, lines)) + 8;
	}

	/* The ladder of a connection, |width| pixels wide. */
	function drawLadder(row, width) {
		const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
		const pencil = new Pencil(drawing, columnsOf(width));
		const shown = new Set();

		drawHeads(pencil, row);
		const top = pencil.y - 4;
		const walls = [pencil.at.client, pencil.at.server].map(x =>
			shape(drawing, "line", { x1: x, x2: x, y1: top, y2: top, class: "wall" }));
		for (const rung of row[LADDER]) {
			if (rung[0] >= 4) {
				drawAbsent(pencil, rung);
				continue;
			}
			const here = row[FINDINGS].filter(finding => finding[1] === rung[2] && !shown.has(finding));
			here.forEach(finding => shown.add(finding));
			drawSegment(pencil, rung, here);
		}
		for (const finding of row[FINDINGS].filter(other => !shown.has(other))) {
			const lines = [[`at frame ${finding[1]}`, "dim"], ...findingLines(pencil, finding)];
			pencil.y = pencil.notes(pencil.y + LINE, lines) + 8;
		}
		walls.forEach(wall => wall.setAttribute("y2", pencil.y + 4));
		const height = Math.ceil(pencil.y + 10);
		for (const [key, value] of Object.entries({ class: "ladder", width, height, viewBox: `0 0 ${width} ${height}`,
			role: "group", "aria-label": `Ladder of ${row[CLIENT]} and ${row[SERVER]}` }))
			drawing.setAttribute(key, value);
		return drawing;
	}

	/* ---- what a connection is, in full ------------------------------------------------------- */

	function facts(row) {
		const list = element("dl", { class: "facts" });
		const stream = row[INCARNATION] ? `${row[STREAM]}, incarnation ${row[INCARNATION]}` : row[STREAM];
		const rows = [
			["Blame", row[BLAME] ? data.blames[row[BLAME]] : "nobody"],
			["File", several ? data.files[row[FILE]] : ""],
			["Stream", stream],
			["Began", date(row[START])],
			["Segments", grouped(row[FRAMES]) + (row[LATE] ? `, and ${grouped(row[LATE])} after its end` : "")],
			["SYN to SYN-ACK", interval(row[RTT_SERVER])],
			["SYN to ACK", interval(row[RTT])],
			["Ended", data.closed[row[CLOSED]]],
			["Layers", row[ENCAP]],
		];

		for (const [name, value] of rows)
			if (value !== "" && value !== null)
				list.append(element("div", null, element("dt", null, name), element("dd", null, String(value))));
		return list;
	}

	function remark([rule, frame, sentence]) {
		const [id, , severity, explanation, reference] = data.rules[rule];
		const word = data.severities[severity];
		const summary = element("summary", null, element("span", { class: `severity ${word}` }, `${SIGNS[severity]} ${word}`),
			" ", element("span", { class: "word" }, id), `${frame ? `, frame ${frame}` : ""}: ${sentence}`);
		const more = element("details", null, summary, element("p", null, explanation));

		if (reference)
			more.append(element("p", { class: "reference" }, reference));
		return element("li", null, more);
	}

	/* Fits into what is seen of the table, which may be wider than the window. */
	function fillDetail(cell, row) {
		const style = getComputedStyle(cell);
		const width = Math.min(cell.clientWidth, by("table").clientWidth) - parseFloat(style.paddingLeft) -
			parseFloat(style.paddingRight) - 4;
		const all = element("div", null,
			element("h3", null, element("span", { class: `verdict ${verdictWord(row)}` }, verdictWord(row)),
				`, ${reasonWord(row)}: ${data.reasons[row[REASON]][1]}`),
			facts(row),
			row[LADDER] ? drawLadder(row, Math.max(300, Math.floor(width)))
				: element("p", { class: "more" }, "Its segments were not kept: too many connections were open at the same time."));

		if (row[FINDINGS].length)
			all.append(element("ul", { class: "remarks" }, ...row[FINDINGS].map(remark)));
		all.style.maxWidth = `${width}px`;
		cell.replaceChildren(all);
	}

	/* ---- the table --------------------------------------------------------------------------- */

	/* What all paths begin with says nothing in a row. */
	const common = data.files.reduce((shared, path) => {
		while (!path.startsWith(shared))
			shared = shared.slice(0, shared.replace(/\/$/, "").lastIndexOf("/") + 1);
		return shared;
	}, data.files.length ? data.files[0].slice(0, data.files[0].lastIndexOf("/") + 1) : "");
	const shortened = path => path.slice(common.length);
	const padded = text => text.replace(/\d+/g, digits => digits.padStart(10, "0"));
	const columns = [
		{ name: "Verdict", key: row => [verdictOf(row), severityOf(row)], worstFirst: true },
		{ name: "Reason", key: row => [reasonWord(row)] },
		{ name: "Blame", key: row => [data.blames[row[BLAME]]] },
		{ name: "Client", key: row => [padded(row[CLIENT])], style: "end" },
		{ name: "Server", key: row => [padded(row[SERVER])], style: "end" },
		{ name: "Steps", key: row => [row[STEPS][0] || row[STEPS][1] || row[STEPS][2]], style: "number" },
		{ name: "RTT", key: row => [row[RTT] === null ? Infinity : row[RTT]], style: "number" },
		{ name: "Finding", key: row => [severityOf(row), worst(row) < 0 ? "" : findingId(row)], style: "finding",
			worstFirst: true },
		...several ? [{ name: "File", key: row => [padded(data.files[row[FILE]])], style: "path" }] : [],
	];

	const severityOf = row => worst(row) < 0 ? -1 : data.rules[row[FINDINGS][worst(row)][0]][2];
	const findingId = row => data.rules[row[FINDINGS][worst(row)][0]][0];

	const connections = data.rows.map(row => ({
		row,
		keys: {},
		words: [verdictWord(row), reasonWord(row), data.blames[row[BLAME]], row[CLIENT], row[SERVER], row[ENCAP],
			`stream ${row[STREAM]}`, data.files[row[FILE]],
			...row[FINDINGS].flatMap(([rule, , sentence]) => [data.rules[rule][0], sentence])].join("\n").toLowerCase(),
	}));
	let shown = connections.slice();   /* that pass the filter, sorted */
	let drawn = 0;                     /* of them in the document */
	const sorting = { column: columns[0], descending: true };   /* the order of the data */
	let body, headers, observer;

	function findingCell(row) {
		const place = worst(row);

		if (place < 0)
			return [];
		const [rule, , sentence] = row[FINDINGS][place];
		const [id, , severity] = data.rules[rule];
		const rest = row[FINDINGS].length - 1;

		return [element("span", { class: `severity ${data.severities[severity]}`, title: data.severities[severity] },
			SIGNS[severity]), " ", element("span", { class: "word" }, id), `: ${sentence}`,
		...rest ? [element("span", { class: "more" }, ` (${rest} more)`)] : []];
	}

	function rowOf(connection, place) {
		const { row } = connection;
		const toggle = element("button", { type: "button", class: "toggle", "aria-expanded": "false",
			"aria-label": `${verdictWord(row)}, ${row[CLIENT]} to ${row[SERVER]}: ladder` },
		element("span", { class: `verdict ${verdictWord(row)}` }, verdictWord(row)));
		const cells = [[toggle], [reasonWord(row)], [data.blames[row[BLAME]]], [row[CLIENT]], [row[SERVER]],
			[row[STEPS].map(step => step || "-").join(" ")], [interval(row[RTT])], findingCell(row),
			...several ? [[shortened(data.files[row[FILE]])]] : []];
		const made = element("tr", { class: "row", "data-place": place });

		cells.forEach((children, column) => {
			const cell = element("td", { class: columns[column].style || "" }, ...children);

			if (column > 1 && column !== 7)
				cell.setAttribute("data-label", columns[column].name.toLowerCase());
			made.append(cell);
		});
		return made;
	}

	function draw(count) {
		const fragment = document.createDocumentFragment();
		const end = Math.min(shown.length, drawn + count);

		for (let place = drawn; place < end; place++)
			fragment.append(rowOf(shown[place], place));
		drawn = end;
		body.append(fragment);
		by("more").hidden = drawn === shown.length;
		by("more").textContent = `Show ${grouped(Math.min(MORE_ROWS, shown.length - drawn))} more of ` +
			`${grouped(shown.length - drawn)} that follow`;
	}

	function toggle(made) {
		const button = made.querySelector(".toggle");
		const open = button.getAttribute("aria-expanded") !== "true";

		button.setAttribute("aria-expanded", String(open));
		made.classList.toggle("open", open);
		if (!open) {
			observer.unobserve(made.nextSibling.firstChild);
			button.removeAttribute("aria-controls");
			made.nextSibling.remove();
			return;
		}
		const cell = element("td", { colspan: columns.length });
		made.after(element("tr", { class: "detail", id: `detail-${made.dataset.place}` }, cell));
		button.setAttribute("aria-controls", `detail-${made.dataset.place}`);
		fillDetail(cell, shown[made.dataset.place].row);
		cell.width_ = cell.clientWidth;
		observer.observe(cell);
	}

	/* Ladders are as wide as their place. */
	function redraw(entries) {
		for (const { target } of entries) {
			if (target.width_ === target.clientWidth || !target.isConnected)
				continue;
			target.width_ = target.clientWidth;
			fillDetail(target, shown[target.parentNode.previousSibling.dataset.place].row);
		}
	}

	function sort() {
		const { column, descending } = sorting;

		headers.forEach((header, place) => header.setAttribute("aria-sort", columns[place] !== column ? "none"
			: descending ? "descending" : "ascending"));
		for (const connection of shown)
			connection.keys[column.name] = connection.keys[column.name] || column.key(connection.row);
		shown.sort(({ keys: { [column.name]: one } }, { keys: { [column.name]: two } }) => {
			for (let part = 0; part < one.length; part++) {
				if (one[part] !== two[part])
					return (one[part] < two[part] ? -1 : 1) * (descending ? -1 : 1);
			}
			return 0;
		});
	}

	function sortBy(column) {
		sorting.descending = sorting.column === column ? !sorting.descending : Boolean(column.worstFirst);
		sorting.column = column;
		update();
	}

	function buildTable() {
		const row = element("tr");

		headers = columns.map(column => {
			const button = element("button", { type: "button" }, column.name);

			button.addEventListener("click", () => sortBy(column));
			return element("th", { scope: "col", "aria-sort": "none", class: column.style === "number" ? "number" : "" },
				button);
		});
		row.append(...headers);
		body = element("tbody");
		by("table").append(element("table", { "aria-labelledby": "connections-title" }, element("thead", null, row), body));
		const more = element("button", { type: "button", id: "more" });
		more.addEventListener("click", () => {
			const next = drawn;

			draw(MORE_ROWS);
			body.querySelector(`[data-place="${next}"] .toggle`).focus();
		});
		by("table").after(element("div", { class: "buttons" }, more));
		body.addEventListener("click", event => {
			const made = event.target.closest("tr.row");

			if (made && (event.target.closest(".toggle") || String(getSelection()) === ""))
				toggle(made);
		});
		body.addEventListener("keydown", walk);
		observer = new ResizeObserver(redraw);
	}

	/* Arrow keys go from one connection to the next. */
	function walk(event) {
		const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
		let made = event.target.closest("tr.row");

		if (!step || !made || !event.target.matches(".toggle"))
			return;
		do
			made = made[step];
		while (made && !made.matches(".row"));
		event.preventDefault();
		if (made)
			made.querySelector(".toggle").focus();
	}

	/* ---- the filter -------------------------------------------------------------------------- */

	const selects = {
		reason: row => reasonWord(row),
		server: row => row[SERVER],
		rule: row => row[FINDINGS].map(([rule]) => data.rules[rule][0]),
		file: row => String(row[FILE]),
	};

	function wanted() {
		const words = by("text").value.toLowerCase().split(/\s+/).filter(word => word);
		const verdicts = new Set([...document.querySelectorAll("#verdicts input:checked")].map(box => box.value));
		const chosen = Object.entries(selects).filter(([id]) => by(id).value !== "");

		return ({ row, words: all }) => (verdicts.size === 0 || verdicts.has(verdictWord(row)) ||
			(verdicts.has("failed") && row[FAILING] === 1)) &&
			words.every(word => all.includes(word)) &&
			chosen.every(([id, value]) => [].concat(value(row)).includes(by(id).value));
	}

	/* The filter is in the address, so that a view can be sent to somebody. */
	function remember() {
		const parameters = new URLSearchParams();

		for (const id of ["text", ...Object.keys(selects)])
			if (by(id).value)
				parameters.set(id, by(id).value);
		for (const box of document.querySelectorAll("#verdicts input:checked"))
			parameters.append("verdict", box.value);
		const hash = String(parameters);
		if (hash !== location.hash.slice(1))
			history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
	}

	function recall() {
		const parameters = new URLSearchParams(location.hash.slice(1));

		for (const id of ["text", ...Object.keys(selects)])
			by(id).value = parameters.get(id) || "";
		for (const box of document.querySelectorAll("#verdicts input"))
			box.checked = parameters.getAll("verdict").includes(box.value);
	}

	function update() {
		shown = connections.filter(wanted());
		sort();
		observer.disconnect();
		body.replaceChildren();
		drawn = 0;
		draw(FIRST_ROWS);
		by("count").textContent = shown.length === connections.length ? amount(shown.length, "connection")
			: `${grouped(shown.length)} of ${amount(connections.length, "connection")}`;
	}

	function tallied(values) {
		const counts = new Map();

		for (const value of values)
			counts.set(value, (counts.get(value) || 0) + 1);
		return [...counts].sort(([one, first], [two, second]) => second - first || (one < two ? -1 : 1));
	}

	function offer(id, entries, name = value => value) {
		for (const [value, count] of entries)
			by(id).append(element("option", { value }, `${name(value)} (${grouped(count)})`));
		if (entries.length < 2)
			by(id).disabled = entries.length === 0;
	}

	function box(word, count, style) {
		const input = element("input", { type: "checkbox", value: word });

		by("verdicts").append(element("label", null, input, element("span", { class: style }, word),
			element("span", { class: "amount" }, grouped(count))));
	}

	function buildFilter() {
		const rows = connections.map(({ row }) => row);
		const verdicts = new Map(tallied(rows.map(verdictWord)));
		const failing = rows.filter(row => row[FAILING]).length;

		offer("reason", tallied(rows.map(selects.reason)));
		offer("server", tallied(rows.map(selects.server)).slice(0, SERVERS));
		offer("rule", tallied(rows.flatMap(row => [...new Set(selects.rule(row))])));
		if (several) {
			by("file-field").hidden = false;
			offer("file", tallied(rows.map(selects.file)).sort(([one], [two]) => one - two), file => shortened(data.files[file]));
		}
		if (failing)
			box("failed", failing, "");
		for (const [word] of data.verdicts.slice().reverse())
			if (verdicts.has(word))
				box(word, verdicts.get(word), `verdict ${word}`);
		by("filter").hidden = false;
		by("filter").addEventListener("submit", event => event.preventDefault());
		const apply = () => {
			update();
			remember();
		};
		by("text").addEventListener("input", apply);
		by("filter").addEventListener("change", event => event.target !== by("text") && apply());
		by("filter").addEventListener("reset", () => setTimeout(apply));
		addEventListener("hashchange", () => {
			recall();
			update();
		});
	}

	/* The words in the charts above choose what the table shows. */
	function linkCharts() {
		for (const id of ["reason", "server", "rule"]) {
			for (const line of document.querySelectorAll(`tr[data-${id}]`)) {
				const word = line.querySelector(".word"), value = line.dataset[id];
				const pick = element("button", { type: "button", class: "pick", title: "Show these connections" },
					word.textContent);

				if (![...by(id).options].some(option => option.value === value))
					continue;
				pick.addEventListener("click", () => {
					by("filter").reset();
					setTimeout(() => {
						by(id).value = value;
						update();
						remember();
						by("connections").scrollIntoView();
						by("connections").focus({ preventScroll: true });
					});
				});
				word.replaceWith(pick);
			}
		}
	}

	buildTable();
	buildFilter();
	linkCharts();
	recall();
	update();
	addEventListener("beforeprint", () => draw(Math.max(0, PRINTED_ROWS - drawn)));
	document.documentElement.dataset.ready = "yes";
})();
