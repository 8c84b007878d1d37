"""What is measured of the daemon itself, all logs together."""

from __future__ import annotations

from caffewatch.export.family import Family

JOB_LOGS = Family(
    "caffewatch_job_logs",
    "gauge",
    ("training_job",),
    "Logs of the job that can be read, ended ones too. 0 means that nothing of the job is watched: "
    "no file is at its path as yet, or caffewatch may not read it. Once it has been 0 for "
    "alerts.missing_after, the alert missing_log fires.",
)
NOTIFICATIONS = Family(
    "caffewatch_notifications_total",
    "counter",
    ("receiver", "outcome"),
    "Tries to deliver a notification, by how they ended: delivered, retried (it will be tried "
    "again), rejected (refused for good) or expired (too old). The last two are dead letters: "
    "somebody was not told.",
)
QUEUE_LENGTH = Family(
    "caffewatch_notification_queue_length",
    "gauge",
    ("receiver",),
    "Notifications that wait for their receiver. 0 is normal; one that stays above 0 means a "
    "receiver that is down, or a wrong URL.",
)
DELAY = Family(
    "caffewatch_notification_delay_seconds",
    "histogram",
    (),
    "Time from the writing of a notification to its delivery, all receivers together. Below a "
    "second is normal.",
)
ERRORS = Family(
    "caffewatch_errors_total",
    "counter",
    ("where",),
    "Errors that the daemon lived through, by the part of it that met them: tail (a log cannot be"
    " read), detect (a fault of caffewatch itself), store (the state cannot be saved), deliver. "
    "Its log says more.",
)
RELOAD = Family(
    "caffewatch_config_last_reload_successful",
    "gauge",
    (),
    "1 if the configuration in force is the one in the file, 0 if the file is faulty and the one "
    "before is still in force; caffewatch config check says why.",
)
BUILD_INFO = Family(
    "caffewatch_build_info",
    "gauge",
    ("version", "python_version"),
    "Always 1; its labels name the versions of caffewatch and of Python.",
)

SERVICE_FAMILIES = (JOB_LOGS, NOTIFICATIONS, QUEUE_LENGTH, DELAY, ERRORS, RELOAD, BUILD_INFO)
