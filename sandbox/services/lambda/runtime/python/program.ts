/**
 * The program of a function's process in Python: `InvocationMessage` and `TimeMessage` come as lines of JSON on standard
 * input, and `ProcessMessage` go as such lines to file descriptor 3. Its only argument is a `ProgramArgument`.
 *
 * `time.time` and `datetime` return the sandbox's time. Other clocks and `time.sleep` use real time. Connections to port
 * 443 of a host that the sandbox serves go to the sandbox, whose authority the default TLS context trusts.
 *
 * Handlers are found and called as in Lambda's runtime: https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
 */
export const PROGRAM = String.raw`
import datetime
import importlib
import io
import json
import logging
import os
import queue
import socket
import ssl
import sys
import threading
import time
import traceback

environment = os.environ
outside = json.loads(sys.argv.pop())['outside']
lock = threading.Lock()
request_id = None


def send(message):
    line = json.dumps(message).encode() + b'\n'
    with lock:
        while line:
            line = line[os.write(3, line):]


class Output(io.TextIOBase):
    """Lines go to the log in the order in which they are printed."""

    def __init__(self):
        self.rest = ''

    def writable(self):
        return True

    def write(self, text):
        *lines, self.rest = (self.rest + text).split('\n')
        for line in lines:
            send({'type': 'output', 'line': line})
        return len(text)

    def finish(self):
        if self.rest:
            self.write('\n')


real_time = time.time
time.time = lambda: real_time() + outside['clockOffset'] / 1000
RealDateTime = datetime.datetime


class AnyDateTime(type):
    def __instancecheck__(cls, value):
        return isinstance(value, RealDateTime)


class DateTime(RealDateTime, metaclass=AnyDateTime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def today(cls):
        return cls.now()

    @classmethod
    def utcnow(cls):
        return cls.now(datetime.timezone.utc).replace(tzinfo=None)


DateTime.__name__ = DateTime.__qualname__ = 'datetime'
DateTime.__module__ = 'datetime'
datetime.datetime = DateTime

real_addresses = socket.getaddrinfo


def addresses(host, port, *options, **named):
    served = outside['servedHosts']
    if str(port) in ('443', 'https') and str(host).lower() in served:
        host, port = '127.0.0.1', served[str(host).lower()]
    return real_addresses(host, port, *options, **named)


socket.getaddrinfo = addresses
load_default_certs = ssl.SSLContext.load_default_certs


def load_certificates(context, *options):
    load_default_certs(context, *options)
    context.load_verify_locations(os.path.join(environment['LAMBDA_RUNTIME_DIR'], 'server-authority.pem'))


ssl.SSLContext.load_default_certs = load_certificates


class RuntimeFailure(Exception):
    def __init__(self, error_type, message):
        super().__init__(message)
        self.error_type = error_type


class LogFormat(logging.Formatter):
    converter = time.gmtime

    def format(self, record):
        record.aws_request_id = request_id or ''
        return super().format(record)


def configure_logging(stream):
    handler = logging.StreamHandler(stream)
    form = '[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s'
    handler.setFormatter(LogFormat(form, '%Y-%m-%dT%H:%M:%S'))
    logging.getLogger().addHandler(handler)


class Context:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    def __init__(self, invocation):
        self.aws_request_id = invocation['requestId']
        self.invoked_function_arn = invocation['functionArn']
        self.function_name = environment['AWS_LAMBDA_FUNCTION_NAME']
        self.function_version = environment['AWS_LAMBDA_FUNCTION_VERSION']
        self.memory_limit_in_mb = environment['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']
        self.log_group_name = environment['AWS_LAMBDA_LOG_GROUP_NAME']
        self.log_stream_name = environment['AWS_LAMBDA_LOG_STREAM_NAME']
        self.client_context = None
        self.identity = None
        self._deadline = invocation['deadline']

    def get_remaining_time_in_millis(self):
        return max(0, int(self._deadline - time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


def load_handler(name):
    module_name, dot, function = name.rpartition('.')
    if not dot:
        raise RuntimeFailure('Runtime.MalformedHandlerName', f"Bad handler '{name}'")
    try:
        module = importlib.import_module(module_name.replace('/', '.'))
    except ImportError as error:
        supplied = (error.name or '').partition('.')[0] in ('boto3', 'botocore')
        hint = '. Lambda supplies it, and the sandbox takes it from python3, where it must be installed' if supplied else ''
        message = f"Unable to import module '{module_name}': {error}{hint}"
        raise RuntimeFailure('Runtime.ImportModuleError', message) from error
    except SyntaxError as error:
        message = f"Syntax error in module '{module_name}': {error}"
        raise RuntimeFailure('Runtime.UserCodeSyntaxError', message) from error
    if not callable(getattr(module, function, None)):
        raise RuntimeFailure('Runtime.HandlerNotFound', f"Handler '{function}' missing on module '{module_name}'")
    return getattr(module, function)


def describe(error):
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    frames = [frame for frame in frames if 'importlib' not in frame.filename]
    return {
        'errorMessage': str(error),
        'errorType': getattr(error, 'error_type', type(error).__name__),
        'requestId': request_id or '',
        'stackTrace': traceback.format_list(frames),
    }


def answer_of(handler, invocation):
    result = handler(json.loads(invocation['event']), Context(invocation))
    try:
        return json.dumps(result, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise RuntimeFailure('Runtime.MarshalError', f'Unable to marshal response: {error}') from error


def receive(lines, invocations):
    global outside
    for line in lines:
        message = json.loads(line)
        if 'event' in message:
            invocations.put(message)
        else:
            outside = {**outside, 'clockOffset': message['clockOffset']}
            send({'type': 'time-passed'})
    # Without a parent there are no more invocations.
    os._exit(0)


def main():
    global outside, request_id
    lines = os.fdopen(os.dup(0), encoding='utf-8')
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    sys.stdout = sys.stderr = output = Output()
    configure_logging(output)
    sys.path[0] = environment['LAMBDA_TASK_ROOT']
    try:
        handler = load_handler(environment['_HANDLER'])
    except Exception as error:
        output.finish()
        send({'type': 'error', 'error': describe(error)})
        sys.exit(1)
    invocations = queue.Queue()
    threading.Thread(target=receive, args=(lines, invocations), daemon=True).start()
    send({'type': 'ready'})
    while True:
        invocation = invocations.get()
        outside = invocation['outside']
        request_id = invocation['requestId']
        try:
            message = {'type': 'answer', 'result': answer_of(handler, invocation)}
        except Exception as error:
            message = {'type': 'error', 'error': describe(error)}
        output.finish()
        send(message)


main()
`;
