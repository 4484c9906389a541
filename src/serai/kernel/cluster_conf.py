"""The settings that a market needs from its own PostgreSQL.

They are `serai.conf` in the cluster, rewritten at every start. `ALTER SYSTEM`
still wins over them, so an operator's own choice is never lost.
"""

import os
from pathlib import Path

MIB = 1024 * 1024

# Where Linux says how much memory a container may use (cgroup 2, then 1).
_CONTAINER_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)

_SETTINGS = """\
# Written by serai at every start: changes here are lost. Use ALTER SYSTEM.

# Who can come in: processes on this machine that may enter the socket directory.
listen_addresses = ''
port = 5432
unix_socket_directories = '{socket_directory}'
unix_socket_permissions = 0700
max_connections = 100
password_encryption = 'scram-sha-256'

# Memory. PostgreSQL shares the machine with the market's own processes.
shared_buffers = {shared_buffers}MB
effective_cache_size = {effective_cache_size}MB
maintenance_work_mem = {maintenance_work_mem}MB
work_mem = 8MB

# What was committed stays committed.
fsync = {durable}
full_page_writes = {durable}
synchronous_commit = {durable}

# After a kill, the log since the last checkpoint is replayed, 70 to 95 MB a second
# on a busy two-core machine: this keeps a market's silence well under 10 s.
max_wal_size = 384MB
min_wal_size = 128MB
checkpoint_timeout = 5min
checkpoint_completion_target = 0.9
wal_compression = on

# A few rows (stock of an article on sale, balances) change all day: sweep them
# early and quickly instead of waiting for a fifth of the table to be dead.
autovacuum = on
autovacuum_naptime = 10s
autovacuum_vacuum_threshold = 200
autovacuum_vacuum_scale_factor = 0.02
autovacuum_vacuum_insert_scale_factor = 0.05
autovacuum_analyze_threshold = 200
autovacuum_analyze_scale_factor = 0.02
autovacuum_vacuum_cost_limit = 2000

# Short statements on fast disks.
jit = off
random_page_cost = 1.1
statement_timeout = 0
timezone = 'UTC'

# What it did: a file a weekday, overwritten a week later. Parameters of
# statements are people's data and are not logged.
shared_preload_libraries = 'pg_stat_statements'
track_io_timing = on
logging_collector = on
log_directory = 'log'
log_filename = 'postgres-%a.log'
log_file_mode = 0600
log_rotation_age = 1d
log_rotation_size = 0
log_truncate_on_rotation = on
log_timezone = 'UTC'
log_lock_waits = on
log_min_duration_statement = 1s
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""


def settings(socket_directory: Path | None, *, durable: bool) -> str:
    """The text of `serai.conf` for this machine's memory.

    `socket_directory` holds no quote, comma or space (`postmaster` sees to it);
    without one the server listens nowhere.
    With `durable` false a crash of the machine may lose or spoil everything.
    """
    memory = _memory_bytes() // MIB
    return _SETTINGS.format(
        socket_directory=socket_directory or "",
        durable="on" if durable else "off",
        shared_buffers=_between(32, memory // 8, 2048),
        effective_cache_size=_between(64, memory // 2, 64 * 1024),
        maintenance_work_mem=_between(16, memory // 32, 512),
    )


def _memory_bytes() -> int:
    """The memory that this process may use: the machine's, or its container's."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [machine]
    for path in _CONTAINER_LIMITS:
        text = path.read_text().strip() if path.exists() else "max"
        if text.isdigit():
            limits.append(int(text))
    return min(limits)


def _between(least: int, wanted: int, most: int) -> int:
    return max(least, min(wanted, most))
