"""What is counted while the house runs; read at `/metrics`."""

from prometheus_client import Counter, Gauge, Histogram

requests = Counter("serai_http_requests_total", "Requests answered.", ["method", "route", "status"])
request_seconds = Histogram("serai_http_request_seconds", "Time to answer a request.", ["route"])
batch_seconds = Histogram(
    "serai_batch_seconds",
    "Time to decide and commit one batch.",
    ["write"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5),
)
batch_size = Histogram(
    "serai_batch_commands",
    "Commands in one batch.",
    ["write"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
)
events_delivered = Counter(
    "serai_events_delivered_total", "Events that a reaction has dealt with.", ["reaction"]
)
events_failed = Counter(
    "serai_events_failed_total", "Tries of a reaction that failed.", ["reaction"]
)
outbox_lag_seconds = Gauge(
    "serai_outbox_lag_seconds", "Age of the oldest event that is not delivered everywhere."
)
timers_fired = Counter("serai_timers_fired_total", "Timers that were carried out.", ["kind"])
timers_failed = Counter("serai_timers_failed_total", "Timers whose handler failed.", ["kind"])
turned_away = Counter(
    "serai_turned_away_total", "Requests or commands turned away as too much waited.", ["where"]
)
inside_most = Gauge(
    "serai_inside_most", "The most requests or commands that were inside at once.", ["where"]
)
