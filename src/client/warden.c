/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/warden.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "client/signals.h"
#include "client/warden-work.h"

int warden_start(struct warden *w, const struct options *o)
{
	int fds[2];
	int r = channel_pair(fds);

	*w = (struct warden){ .fd = -1, .pid = -1 };
	if (r < 0)
		return r;
	w->pid = fork();
	if (w->pid == 0) {
		(void)fd_close(fds[0]);
		warden_work(fds[1], o);
		_exit(0);
	}
	r = w->pid < 0 ? -errno : 0;
	(void)fd_close(fds[1]);
	if (r < 0)
		(void)fd_close(fds[0]);
	else
		w->fd = fds[0];
	return r;
}

static int send_request(struct warden *w, const struct warden_request *r)
{
	uint8_t data[WARDEN_REQUEST_SIZE];
	struct writer writer = WRITER(data, sizeof(data));

	warden_request_encode(&writer, r);
	return writer.failed ? -EINVAL : channel_send(w->fd, data, writer.used, NULL, 0);
}

static int receive_answer(struct warden *w, int *ret)
{
	uint8_t data[WARDEN_ANSWER_SIZE];
	ssize_t size = channel_receive(w->fd, data, sizeof(data));

	if (size == -EAGAIN)
		return -EAGAIN;
	if (size <= 0 || !warden_answer_decode(data, (size_t)size, ret))
		return -EPIPE;
	return 0;
}

int warden_ask(struct warden *w, const struct warden_request *request)
{
	struct pollfd fd = { .fd = w->fd, .events = POLLIN };
	struct warden_request hurry = *request;
	bool has_hurried = false;
	int result;
	int r = send_request(w, request);

	hurry.kind = WARDEN_HURRY;
	while (r == 0) {
		if (signals_caught() && !has_hurried) {
			(void)send_request(w, &hurry);
			has_hurried = true;
		}
		(void)ppoll(&fd, 1, NULL, has_hurried ? NULL : signals_sleep_mask());
		r = receive_answer(w, &result);
		if (r == 0)
			return result;
		if (r == -EAGAIN)
			r = 0;
	}
	return r;
}

int warden_ask_plain(struct warden *w, enum warden_request_kind kind)
{
	struct warden_request r = { .kind = kind, .target = { .family = PEER_IPV6 } };

	return warden_ask(w, &r);
}

void warden_stop(struct warden *w)
{
	w->fd = fd_close(w->fd);
	if (w->pid > 0) {
		while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	w->pid = -1;
}
