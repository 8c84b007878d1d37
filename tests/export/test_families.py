from __future__ import annotations

import pytest

from caffewatch.export.families import LOG_FAMILIES
from caffewatch.export.family import LOG_LABELS, Family
from caffewatch.export.service_families import SERVICE_FAMILIES

ALL = (*LOG_FAMILIES, *SERVICE_FAMILIES)


class TestContract:
    @pytest.mark.parametrize(
        ("name", "labels"),
        [
            ("caffe_iteration", ()),
            ("caffe_max_iterations", ()),
            ("caffe_loss", ()),
            ("caffe_net_output", ("net", "phase", "output", "index")),
            ("caffe_learning_rate", ()),
            ("caffe_iterations_per_second", ()),
            ("caffe_layer_activation_mean_abs", ("layer",)),
            ("caffe_layer_weight_mean_abs", ("layer",)),
            ("caffe_layer_gradient_mean_abs", ("layer",)),
            ("caffe_blob_mean_abs", ("phase", "layer", "kind", "blob", "quantity")),
            ("caffe_params_l1_norm", ("quantity",)),
            ("caffe_params_l2_norm", ("quantity",)),
            ("caffe_last_line_timestamp_seconds", ()),
            ("caffe_run_start_timestamp_seconds", ()),
            ("caffe_run_state", ("state",)),
            ("caffe_run_info", ("net", "solver_type", "run")),
            ("caffe_snapshot_iteration", ()),
            ("caffe_gradient_clips_total", ()),
            ("caffe_non_finite_values", ()),
            ("caffewatch_alerts", ("rule", "severity")),
            ("caffewatch_findings_total", ("rule",)),
            ("caffewatch_lines_total", ()),
            ("caffewatch_bytes_total", ()),
            ("caffewatch_unrecognised_lines_total", ()),
            ("caffewatch_read_position_bytes", ()),
            ("caffewatch_read_lag_bytes", ()),
            ("caffewatch_rotations_total", ("kind",)),
        ],
    )
    def test_of_a_log(self, name: str, labels: tuple[str, ...]) -> None:
        """Names and labels are what dashboards were built on."""
        (family,) = (family for family in LOG_FAMILIES if family.name == name)

        assert family.labels == (*LOG_LABELS, *labels)

    def test_of_the_daemon(self) -> None:
        """What belongs to no log names none."""
        assert {family.name: family.labels for family in SERVICE_FAMILIES} == {
            "caffewatch_job_logs": ("training_job",),
            "caffewatch_notifications_total": ("receiver", "outcome"),
            "caffewatch_notification_queue_length": ("receiver",),
            "caffewatch_notification_delay_seconds": (),
            "caffewatch_errors_total": ("where",),
            "caffewatch_config_last_reload_successful": (),
            "caffewatch_build_info": ("version", "python_version"),
        }


@pytest.mark.parametrize("family", ALL, ids=lambda family: family.name)
class TestFamily:
    def test_a_counter_is_named_so(self, family: Family) -> None:
        """What ends with _total counts, and nothing else does."""
        assert family.name.endswith("_total") == (family.kind == "counter")

    def test_help_teaches(self, family: Family) -> None:
        """More than the name in other words, in sentences, and nothing that wants escaping."""
        assert family.documentation.count(" ") > 8 or family.name.endswith("_info")
        assert family.documentation.endswith(".")
        assert not set(family.documentation) & {"\\", "\n", '"'}
