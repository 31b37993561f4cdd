#include "server/net/http_conversation.hpp"

#include <algorithm>

#include "server/net/connection_hub.hpp"
#include "server/net/ws_conversation.hpp"

namespace parley::net {
namespace {

std::uint32_t to_seconds(ops::Number seconds) { return static_cast<std::uint32_t>(seconds); }

HttpResponse overloaded_response() {
  HttpResponse response = problem_response(503, "the server is busy; it can be tried again soon");
  response.headers = "Retry-After: 10\r\n";
  response.keep_alive = false;
  return response;
}

// A proxy on this machine that forwards everything would open /metrics to the world otherwise.
bool is_forwarded(const HttpRequest& request) {
  return request.has_header("x-forwarded-for") || request.has_header("forwarded") ||
         request.has_header("x-real-ip") || request.has_header("via");
}

}  // namespace

HttpConversation::HttpConversation(Connection& connection, Entrance entrance)
    : connection_(connection),
      site_(connection.hub().site()),
      entrance_(entrance),
      parser_({static_cast<std::size_t>(site_.config.limits.http_header_bytes),
               static_cast<std::size_t>(site_.config.limits.http_body_bytes)}) {
  connection_.set_deadline(to_seconds(site_.config.limits.http_header_timeout_s));
}

void HttpConversation::handle_bytes(std::span<std::uint8_t> bytes) {
  if (!connection_.outbox().empty()) {
    // Answers first. Reading stops, so what is kept here is at most one read.
    waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
    connection_.pause_reading();
    return;
  }
  process(bytes);
}

void HttpConversation::handle_sent() {
  if (!waiting_.empty()) {
    Bytes bytes = std::exchange(waiting_, {});
    process(bytes);
  }
  if (!upgraded_ && waiting_.empty()) connection_.resume_reading();
}

void HttpConversation::process(std::span<std::uint8_t> bytes) {
  while (!bytes.empty() && !connection_.is_ending()) {
    bytes = bytes.subspan(parser_.feed(bytes));
    if (parser_.state() == HttpParser::State::kFault) {
      connection_.hub().metrics().connection_errors.add();
      HttpResponse response = problem_response(parser_.fault().status, parser_.fault().detail);
      response.keep_alive = false;
      return respond(std::move(response), {});
    }
    if (parser_.state() != HttpParser::State::kReady) break;
    reading_request_ = false;
    connection_.set_deadline(to_seconds(site_.config.limits.http_idle_timeout_s));
    answer(parser_.take());
    if (successor_ != nullptr) {
      upgraded_ = true;
      return connection_.become(std::move(successor_), bytes);
    }
    if (!bytes.empty() && !connection_.outbox().empty()) {
      waiting_.assign(bytes.begin(), bytes.end());
      connection_.pause_reading();
      return;
    }
  }
  if (parser_.state() == HttpParser::State::kReading && !reading_request_) {
    // From the first byte, not from the last: dripping bytes gains nothing.
    reading_request_ = true;
    connection_.set_deadline(to_seconds(site_.config.limits.http_header_timeout_s));
  }
}

void HttpConversation::handle_deadline() {
  if (!connection_.outbox().empty()) {
    // A slow download may go on while it moves.
    if (connection_.bytes_sent() == sent_at_check_) return connection_.abort();
    sent_at_check_ = connection_.bytes_sent();
    return connection_.set_deadline(to_seconds(site_.config.limits.http_idle_timeout_s));
  }
  if (reading_request_) {
    HttpResponse response = problem_response(408, "the request did not arrive in time");
    response.keep_alive = false;
    return respond(std::move(response), {});
  }
  connection_.finish();
}

void HttpConversation::handle_drain(const Error& /*reason*/) {
  // An answer under way is still sent.
  connection_.finish();
}

void HttpConversation::answer(const HttpRequest& request) {
  connection_.hub().metrics().http_requests.add();
  if (request.path == "/ws" && entrance_ == Entrance::kMain) return upgrade(request);
  HttpResponse response = route(request);
  response.keep_alive = response.keep_alive && request.keep_alive;
  response.send_body = response.send_body && request.method != "HEAD";
  respond(std::move(response), request);
}

HttpResponse HttpConversation::route(const HttpRequest& request) {
  if (request.path == "/livez") return text_response(200, "text/plain; charset=utf-8", "ok\n");
  if (request.path == "/readyz") {
    return text_response(site_.health.ready() ? 200 : 503, "application/json",
                         site_.health.report());
  }
  if (request.path == "/metrics") return metrics_response(request);
  if (entrance_ == Entrance::kMetrics) {
    return problem_response(404, "there is nothing at this address");
  }
  return site_.files.respond(request);
}

HttpResponse HttpConversation::metrics_response(const HttpRequest& request) {
  const bool own_port = site_.config.server.metrics_port != 0;
  const bool allowed = own_port ? entrance_ == Entrance::kMetrics
                                : connection_.peer().is_loopback() && !is_forwarded(request);
  if (!allowed) return problem_response(404, "there is nothing at this address");
  return text_response(200, "text/plain; version=0.0.4; charset=utf-8", site_.metrics.render());
}

void HttpConversation::upgrade(const HttpRequest& request) {
  auto checked = check_upgrade(request, site_.upgrades);
  if (auto* refusal = std::get_if<HttpResponse>(&checked)) {
    if (refusal->status == 403) {
      site_.log.warning(
          ops::LogCategory::kSecurity, "origin refused",
          {{"address", client_of(request).to_string()}, {"origin", request.header("origin")}});
    }
    refusal->keep_alive = false;
    return respond(std::move(*refusal), request);
  }
  if (site_.health.phase() != ops::Phase::kServing || site_.health.shedding()) {
    connection_.hub().metrics().refused_connections.add();
    return respond(overloaded_response(), request);
  }
  const IpAddress client = client_of(request);
  if (client != connection_.peer()) {
    // The proxy's own connection took no place; the client's does.
    auto place = site_.addresses.take(client);
    if (!place) {
      connection_.hub().metrics().refused_connections.add();
      HttpResponse response = problem_response(429, "too many connections from this address");
      response.headers = "Retry-After: 30\r\n";
      response.keep_alive = false;
      return respond(std::move(response), request);
    }
    connection_.hold_place(std::move(*place));
  }
  auto& accepted = std::get<Upgrade>(checked);
  connection_.send(render_head(accepted.response, {}), app::Priority::kControl);
  successor_ = std::make_unique<WsConversation>(connection_, *accepted.gateway, client.to_string());
}

void HttpConversation::respond(HttpResponse response, const HttpRequest& request) {
  if (site_.health.phase() == ops::Phase::kDraining) response.keep_alive = false;
  const SiteHeaders headers{request.header("host"),
                            site_.config.server.public_url.starts_with("https://")};
  sent_at_check_ = connection_.bytes_sent();
  connection_.send(render_head(response, headers), app::Priority::kControl);
  if (response.send_body && response.body != nullptr && response.status != 304) {
    connection_.send(response.body, app::Priority::kControl);
  }
  if (!response.keep_alive) connection_.finish();
}

IpAddress HttpConversation::client_of(const HttpRequest& request) const {
  return effective_address(connection_.peer(), request.header("x-forwarded-for"),
                           site_.trusted_proxies);
}

}  // namespace parley::net
