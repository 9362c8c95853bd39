"""A trace collector for OTLP over gRPC."""

import concurrent.futures
import contextlib

import grpc
import outside
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self):
        self.port = outside.free_port()
        self.traces = {}

    def Export(self, request, _context):
        for of_process in request.resource_spans:
            process = next((one.value.string_value for one in of_process.resource.attributes if one.key == "service.name"), "")
            for span in (span for scope in of_process.scope_spans for span in scope.spans):
                self.traces.setdefault(span.trace_id, set()).add(f"{process}: {span.name}")
        return trace_service_pb2.ExportTraceServiceResponse()


@contextlib.contextmanager
def server():
    found, running = Collector(), grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(found, running)
    running.add_insecure_port(f"{outside.host()}:{found.port}")
    running.start()
    yield found
    running.stop(grace=0)
