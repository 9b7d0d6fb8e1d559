/** Which words of which program are which kind of symptom. The first row that matches counts, so that the particular comes before the general. */
import type { Phase, SymptomKind } from './symptom.ts';

interface Row { kind: SymptomKind; pattern: RegExp; phase?: Phase; said?: string }

/** Sources: error strings of Go's net, net/http, crypto/tls and x509; errno texts of glibc and musl; getaddrinfo; java.net; Python's socket, ssl and urllib3; Node's system errors; curl's codes; Envoy's response flags; nginx, libpq, gRPC; kubelet and CNI plugins. texts.test.ts names them one by one. */
export const ROWS: readonly Row[] = [
  // Before a connection can be thought of.
  { kind: 'sandbox', pattern: /FailedCreatePodSandBox|failed to set ?up (?:pod )?(?:network for )?sandbox|failed to create (?:pod )?sandbox|networkPlugin cni failed|plugin type="[^"]+"(?: name="[^"]*")? failed \((?:add|delete|check)\)|cni plugin not initialized|cni config uninitialized|NetworkPluginNotReady|container runtime network not ready|failed to find plugin "|no IP addresses available in range set|already has an IP address different from|already exists for an interface other than|no networks found in \/|subsys=cilium-cni|unable to create endpoint: |no CNI conf(?:ig)? file/i, said: 'kubelet' },
  { kind: 'pod-state', pattern: /\b(?:CrashLoopBackOff|OOMKilled|ImagePullBackOff|ErrImagePull|ErrImageNeverPull|CreateContainerConfigError|CreateContainerError|RunContainerError|InvalidImageName|Evicted|Back-off restarting failed container|FailedScheduling|0\/\d+ nodes are available|FailedMount)\b/, said: 'kubelet' },
  // A socket in the file system is a program of the node itself, whatever the words that follow.
  { kind: 'component', pattern: /BIRD is not ready|dial unix \S+: connect: |plugin\/loop: / },
  { kind: 'too-many-files', pattern: /too many open files|\bEMFILE\b|\bENFILE\b|errno 24\b/i },
  { kind: 'no-local-port', pattern: /cannot assign requested address|\bEADDRNOTAVAIL\b|errno 99\b/i },
  { kind: 'address-in-use', pattern: /address (?:is )?already in use|\bEADDRINUSE\b|errno 98\b|listen: Address in use/i },
  { kind: 'too-big', pattern: /message too long|\bEMSGSIZE\b|errno 90\b|frag(?:mentation)? needed|packet too big/i, phase: 'established' },
  // Names. A server that answered `no` is another thing than none that answered.
  { kind: 'name-timeout', pattern: /lookup \S+(?: on \S+)?: (?:.*(?:i\/o timeout|timed out|connection refused|no route to host|network is unreachable|server misbehaving)|context deadline exceeded)|temporary failure in name resolution|\bEAI_AGAIN\b|no servers could be reached|resolving timed out|name resolution timed out|could not contact DNS servers|\bSERVFAIL\b|plugin\/errors: 2 |(?:read|write|dial) udp (?:\S+->)?\S+:53: |communications error to \S+#53|could not be resolved \((?!3:)\d|\bquery[A-Z]\w* (?:ETIMEOUT|ECONNREFUSED|ESERVFAIL|EREFUSED)|Unknown MySQL server host '[^']*' \(-3\)|\[Errno -3\]|DNS resolution failed.*(?:timeout|timed out)|bad address .*try again/i },
  { kind: 'name-unknown', pattern: /no such host|name or service not known|name does not resolve|nodename nor servname|\bNXDOMAIN\b|UnknownHostException|\bENOTFOUND\b|could not resolve host|getaddrinfo failed|bad address '|no address associated with hostname|\bEAI_NONAME\b|failed to resolve '|no such domain|Domain name not found|produced zero addresses|host not found in upstream|could not be resolved \(3:|unable to resolve host |no resolvable bootstrap urls|\bquery[A-Z]\w* ENODATA|Unknown MySQL server host/i },
  // TLS: the other end was reached.
  { kind: 'certificate', pattern: /x509: |certificate verify failed|certificate has expired|CERTIFICATE_VERIFY_FAILED|PKIX path|CERT_HAS_EXPIRED|self[- ]signed certificate|unable to get local issuer certificate|UNABLE_TO_VERIFY_LEAF_SIGNATURE|SSL certificate problem|ERR_TLS_CERT_ALTNAME_INVALID|tls: (?:bad certificate|unknown certificate|expired certificate)|remote error: tls: (?:bad|unknown|expired) certificate|TLS_error:.*CERTIFICATE/i, phase: 'established' },
  { kind: 'timeout', pattern: /TLS handshake timeout|SSL connection timeout/i, phase: 'established' },
  { kind: 'closed', pattern: /unexpected eof while reading|UNEXPECTED_EOF_WHILE_READING|SSL_ERROR_SYSCALL in connection/i, phase: 'established' },
  { kind: 'tls', pattern: /first record does not look like a TLS handshake|server gave HTTP response to HTTPS client|HTTP request to an HTTPS server|wrong version number|SSLHandshakeException|handshake failure|tls: |error:[0-9A-F]+:SSL|ssl3_get_record|SSLV3_ALERT|unsupported protocol version|malformed HTTP response "\\x|http2: frame too large|error reading server preface|unexpected HTTP\/1\.x request|bad connection preface/i, phase: 'established' },
  // What a client waited for on a connection that stood, whatever the errno that it puts beside it.
  { kind: 'deadline', pattern: /timed out\) while (?:reading|sending)|Operation timed out after \d+ milliseconds with|Operation too slow|\bresponse_timeout\b|timeout awaiting response headers|(?:Headers|Body) Timeout Error/i, phase: 'established' },
  // The kernel's answers. `read tcp a->b` is of a connection that stood.
  { kind: 'timeout', pattern: /(?:read|write) tcp \S+->\S+: (?:.*)(?:i\/o timeout|connection timed out)|\b(?:read|write) ETIMEDOUT|before receiving SETTINGS frame|keepalive ping failed to receive ACK|timed out\) while SSL handshaking/, phase: 'established' },
  { kind: 'refused', pattern: /connection refused|\bECONNREFUSED\b|errno 111\b|errno 61\b|actively refused|(?:delayed|immediate) connect error: 111|connection to the server \S+ was refused|server on '[^']*' \(111/i, phase: 'connect' },
  { kind: 'no-route', pattern: /no route to host|\bEHOSTUNREACH\b|NoRouteToHost|host is unreachable|errno 113\b|destination host unreachable|(?:delayed|immediate) connect error: 113|server on '[^']*' \(113/i, phase: 'connect' },
  { kind: 'net-unreachable', pattern: /network is unreachable|\bENETUNREACH\b|errno 101\b|(?:delayed|immediate) connect error: 101|server on '[^']*' \(101/i, phase: 'connect' },
  { kind: 'timeout', pattern: /dial (?:tcp|udp)\S* .*i\/o timeout|connect(?:ion)? timed out|\bETIMEDOUT\b|errno 110\b|errno 60\b|server on '[^']*' \(110|\bnc: connect to .* timed out|ConnectTimeout|connect timeout|Connection timed out|curl: \(28\)|Failed to connect to .* Timeout was reached|delayed connect error: 110|upstream_reset_before_response_started\{connection_timeout\}|reset reason: connection timeout/i, phase: 'connect' },
  { kind: 'reset', pattern: /connection reset|\bECONNRESET\b|errno 104\b|system error: 104\b|ConnectionResetError|reset reason: (?:remote|connection) (?:reset|termination)/i, phase: 'established' },
  { kind: 'closed', pattern: /unexpected EOF|\bEOF\b|[Bb]roken pipe|\bEPIPE\b|socket hang up|transport is closing|server closed the stream|Empty reply from server|RemoteDisconnected|Remote end closed|connection closed before|GOAWAY|use of closed network connection|prematurely closed connection|server closed the connection|SSL connection has been closed|[Ss]ocket closed|NoHttpResponse|[Ss]erver disconnected|Connection closed by server|socket disconnected before secure TLS|transfer closed with|was not closed cleanly/, phase: 'established' },
  // Somebody answered, and said no.
  { kind: 'http', pattern: /\bHTTP(?:\/\d(?:\.\d)?)?"? ?(?:status(?: code)?:?|error:?)? ?[345]\d\d\b|statuscode: [345]\d\d|status(?: code)?[:= ]+\(?[345]\d\d\b|\b50[0234] (?:Bad Gateway|Service (?:Temporarily )?Unavailable|Gateway Time-?out|Internal Server Error)|\b40[134] (?:Unauthorized|Forbidden|Not Found)|upstream connect error(?!.*connection failure)|no[ _]healthy[ _]upstream|response code(?: was)? [345]\d\d|returned error: [345]\d\d|status code received from server: [345]\d\d|too many [345]\d\d error responses|RBAC: access denied|upgrade connection: Unauthorized|logged in to the server|no live upstreams|no endpoints available for service|currently unable to handle the request|in the time allotted|is forbidden: User /i, phase: 'established' },
  { kind: 'deadline', pattern: /context deadline exceeded|DEADLINE_EXCEEDED|DeadlineExceeded|Client\.Timeout exceeded|request (?:was )?(?:canceled|timed out)|ReadTimeout|read timed out|SocketTimeoutException|Operation timed out|deadline exceeded|upstream request timeout/i },
  // A library says UNAVAILABLE of its own accord when it reaches nobody, so that this code alone tells nothing; CANCELLED is the client's own.
  { kind: 'grpc', pattern: /rpc error: code = (?!Unavailable|Cancell?ed)\w+|grpc status|StatusCode\.(?!UNAVAILABLE|CANCELLED)[A-Z_]+|StatusRuntimeException: (?!UNAVAILABLE|CANCELLED)[A-Z_]+|\bUNIMPLEMENTED\b|\bUNAUTHENTICATED\b|\bPERMISSION_DENIED\b/, phase: 'established' },
  // Not the parameter of a URL, which stands in texts of every kind.
  { kind: 'timeout', pattern: /i\/o timeout|timed out|(?<![?&])timeout(?!=)/i },
  // curl since 7.86, asyncio and OkHttp say no more than that (curl: lib/strerror.c, CURLE_COULDNT_CONNECT).
  { kind: 'unconnected', pattern: /curl: \(7\)|Could(?:n't| not) connect to server|Connect call failed|Failed to connect to |Cannot connect to host /i, phase: 'connect' },
  // Components that say what is the matter with themselves; the catalogue of faults has their words.
  { kind: 'component', pattern: /BIRD is not ready|BGP not established|neighbor table overflow|neighbour: \w+_cache|table full, dropping packet|Loop \(.*\) detected|pools are likely exhausted|no more available IDs|RPF check|Failed to allocate IP|wanto be: |No such device|connection is unauthorized|unable to connect to Cilium daemon|Empty server for|Failed to schedule model|not within the platform's configured pod network|pod cidr not assigned|PodCIDR not available|CIDRNotAvailable|No more IDs available for nodes|assigned 0 out of 1 requested|putEndpointIdTooManyRequests/i },
];

/** Whose words a text is, by marks that only they have. The first counts. */
export const SPEAKERS: readonly { said: string; pattern: RegExp }[] = [
  { said: 'kubelet', pattern: /FailedCreatePodSandBox|RunPodSandbox|kubelet|Readiness probe failed|Liveness probe failed|Startup probe failed/ },
  { said: 'grpc', pattern: /rpc error: code =|StatusCode\.|grpc_status|ipv4:\d|transport: / },
  { said: 'envoy', pattern: /upstream connect error|no[ _]healthy[ _]upstream|reset reason:|upstream_reset|upstream request timeout|RBAC: access denied/ },
  { said: 'nginx', pattern: /\[(?:error|crit|emerg)\] \d+#\d+: |while connecting to upstream|host not found in upstream/ }, { said: 'coredns', pattern: /plugin\/(?:errors|loop|forward|kubernetes)/ },
  { said: 'curl', pattern: /curl: \(\d+\)|Failed to connect to/ },
  { said: 'go', pattern: /\b(?:dial|read|write) (?:tcp|udp)|x509: |net\/http: |lookup \S+ on |context deadline/ },
  { said: 'python', pattern: /\[Errno|Traceback|urllib|requests\.exceptions|HTTPS?ConnectionPool|aiohttp|asyncio|httpx\.|redis\.exceptions|botocore|mlflow\.|psycopg2|pymysql|ConnectionRefusedError/ },
  { said: 'java', pattern: /java\.|Exception\b/ },
  { said: 'node', pattern: /\bE(?:CONN|HOST|NET|AI_|NOTFOUND|TIMEDOUT|PIPE|MFILE)[A-Z]*\b/ },
  { said: 'cilium', pattern: /\bcilium/i }, { said: 'felix', pattern: /felix|calico/i }, { said: 'flanneld', pattern: /flannel/i },
  { said: 'kernel', pattern: /nf_conntrack:|neighbour: / },
];
