/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/notify.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <systemd/sd-daemon.h>

int notify_watch(sd_event *event)
{
	int r = sd_event_set_watchdog(event, 1);

	return r < 0 ? r : 0;
}

static unsigned int port_of(int fd)
{
	struct sockaddr_in6 a = { .sin6_port = 0 };
	socklen_t size = sizeof(a);

	/* Both families keep the port at the same place. */
	(void)getsockname(fd, (struct sockaddr *)&a, &size);
	return ntohs(a.sin6_port);
}

void notify_ready(int listen_fd, unsigned int n_clients)
{
	(void)sd_notifyf(0, "READY=1\nSTATUS=Serving %u clients on port %u", n_clients,
			 port_of(listen_fd));
}

void notify_reloading(void)
{
	(void)sd_notify(0, "RELOADING=1\nSTATUS=Reading the configuration again");
}

void notify_reloaded(int listen_fd, unsigned int n_clients, bool is_new)
{
	(void)sd_notifyf(0, "READY=1\nSTATUS=Serving %u clients on port %u%s", n_clients,
			 port_of(listen_fd),
			 is_new ? "" : "; the new configuration is not in force, see the log");
}

void notify_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1\nSTATUS=Saving the state");
}

void notify_keep_socket(int listen_fd)
{
	(void)sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=" NOTIFY_SOCKET_NAME, &listen_fd, 1);
}

void notify_drop_socket(void)
{
	(void)sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=" NOTIFY_SOCKET_NAME);
}
