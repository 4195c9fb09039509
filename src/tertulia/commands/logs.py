"""Logs: one JSON object a line on standard error. Nothing personal is ever logged, so no exception's text is either."""

import json
import logging
import sys

import structlog


class JsonLines(logging.Formatter):
    """Other libraries' records in our form: their message, and of an exception its type and where it was raised."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"logger": record.name, "event": record.getMessage(), "level": record.levelname.lower()}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            trace = record.exc_info[2]
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            if trace is not None:
                line["at"] = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        return json.dumps(line)


class StandardError:
    """Standard error as it is at the moment, for whoever runs several commands in one process may exchange it."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure_logs() -> None:
    """Set up structlog for this process; other libraries' warnings and errors go the same way."""
    handler = logging.StreamHandler(StandardError())
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=StandardError()),
        cache_logger_on_first_use=True,
    )
