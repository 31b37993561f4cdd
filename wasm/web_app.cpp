#include "wasm/web_app.hpp"

#include <emscripten/emscripten.h>
#include <imgui.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "client/search/message_index.hpp"
#include "wasm/host.hpp"

namespace parley::web {
namespace {

template <class... Callbacks>
struct Match : Callbacks... {
  using Callbacks::operator()...;
};
template <class... Callbacks>
Match(Callbacks...) -> Match<Callbacks...>;

}  // namespace

void HostRng::fill(std::span<std::uint8_t> out) { host_random(out.data(), out.size()); }

Now WebApp::now() {
  const auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  return {.mono = {static_cast<std::int64_t>(emscripten_get_now())}, .wall = {wall.count()}};
}

WebApp::WebApp(StartOptions options)
    : options_(std::move(options)),
      values_(std::move(options_.store_key)),
      platform_(options_.origin),
      client_({.server_url = options_.server_url,
               .device_name = options_.device_name,
               .search_index = [] { return search::MessageIndex::make(); }},
              rng_) {}

std::unique_ptr<WebApp> WebApp::start(StartOptions options) {
  std::unique_ptr<WebApp> app(new WebApp(std::move(options)));
  if (!app->open()) return nullptr;
  app->client_.start(now());
  app->ui_->navigate(now(), app->options_.path);
  app->settle();
  return app;
}

bool WebApp::open() {
  IMGUI_CHECKVERSION();
  imgui_ = ImGui::CreateContext();
  ImGui::GetIO().IniFilename = nullptr;
  if (!canvas_.open()) return false;
  ui::Options options;
  options.fonts = {.regular = options_.fonts[0],
                   .medium = options_.fonts[1],
                   .bold = options_.fonts[2],
                   .italic = options_.fonts[3],
                   .mono = options_.fonts[4]};
  options.draws_login = false;
  options.version = options_.version;
  ui_ = std::make_unique<ui::AppUi>(client_, platform_, options);
  return true;
}

WebApp::~WebApp() {
  ui_.reset();
  if (imgui_ != nullptr) ImGui::DestroyContext(imgui_);
}

void WebApp::handle_loaded(const std::string& prefix, ByteView packet, bool plain) {
  PacketReader reader(packet);
  std::vector<client::WriteStore::Entry> entries;
  while (!reader.at_end()) {
    client::WriteStore::Entry entry;
    entry.key = reader.text();
    const ByteView value = reader.bytes();
    if (!reader.ok()) break;
    if (plain) {
      entry.value = to_bytes(value);
    } else if (auto opened = values_.open(entry.key, value)) {
      entry.value = std::move(*opened);
    } else {
      continue;  // counts as not there, as what cannot be decoded does
    }
    entries.push_back(std::move(entry));
  }
  if (plain) write({.batch = 0, .entries = entries});
  client_.handle_loaded(now(), prefix, std::move(entries));
  settle();
}

void WebApp::handle_text(WebPlatform::AgentText text) {
  if (const auto event = platform_.text_event(std::move(text))) {
    ui_->handle_text_input(now(), *event);
  }
  settle();
}

void WebApp::handle_semantic_action(std::uint32_t handle, ui::SemanticActionKind kind,
                                    std::string text) {
  if (const auto id = mirror_.find(handle)) {
    ui_->handle_semantic_action(now(), {.kind = kind, .id = *id, .text = std::move(text)});
  }
  settle();
}

void WebApp::handle_graphics_lost() {
  canvas_.restore();
  ui_->handle_graphics_lost();
  settle();
}

void WebApp::wake() {
  client_.handle_timeout(now());
  settle();
}

void WebApp::draw(const ui::Surface& surface, int canvas_width, int canvas_height) {
  const double begun = emscripten_get_now();
  canvas_.begin_frame();
  ui_->frame(now(), surface);
  canvas_.end_frame(canvas_width, canvas_height, ui_->background_rgb());
  ++frames_;

  const double drawn = emscripten_get_now();
  packet_.clear();
  if (mirror_.update(ui_->semantics(), platform_.focused_field(), packet_)) {
    host_mirror(packet_.data(), packet_.size());
    ++mirror_updates_;
    last_mirror_ms_ = emscripten_get_now() - drawn;
  }
  last_frame_ms_ = drawn - begun;
  settle();
}

void WebApp::settle() {
  while (const auto effect = client_.poll_effect()) run(*effect);
  show_screen();
  plan();
}

void WebApp::run(const client::Effect& effect) {
  std::visit(Match{
                 [](const client::OpenTransport& open) {
                   host_socket_open(open.attempt, open.url.data(), open.url.size());
                 },
                 [](const client::SendBytes& send) {
                   host_socket_send(send.attempt, send.bytes.data(), send.bytes.size());
                 },
                 [](const client::CloseTransport& close) { host_socket_close(close.attempt); },
                 [this](const client::WriteStore& batch) { write(batch); },
                 [](const client::ReadStore& read) {
                   host_store_read(read.prefix.data(), read.prefix.size());
                 },
                 [](const client::ClearStore&) { host_store_clear(); },
                 [this](const client::Notify& notify) {
                   packet_.clear();
                   packet_.text("/r/" + notify.room.to_string());
                   packet_.text(notify.title);
                   packet_.text(notify.text);
                   host_notify(packet_.data(), packet_.size());
                 },
                 // Outcomes reach people through the view.
                 [](const client::CommandDone&) {},
                 [](const client::NoteAdded&) {},
                 [this](const client::EventArrived& event) { announce(event); },
             },
             effect);
}

void WebApp::write(const client::WriteStore& batch) {
  packet_.clear();
  for (const auto& entry : batch.entries) {
    packet_.text(entry.key);
    packet_.bytes(entry.value.empty() ? Bytes{} : values_.seal(rng_, entry.key, entry.value));
  }
  host_store_write(static_cast<double>(batch.batch), packet_.data(), packet_.size());
}

// Screen readers hear new messages of the open room once; the timeline's own elements come and go
// with scrolling and are not announced.
void WebApp::announce(const client::EventArrived& event) {
  const client::AppView& view = client_.view();
  if (!view.room || view.room->room_id != event.room || event.event.sender == view.self.user)
    return;
  const auto body = wire::decode_body(event.event.kind, event.event.body);
  if (!body) return;
  const auto* message = std::get_if<wire::Message>(&body.value());
  if (message == nullptr) return;
  const std::string text = event.sender_name + ": " + message->content;
  host_announce(text.data(), text.size());
}

void WebApp::show_screen() {
  const client::AppView& view = client_.view();
  screen_packet_.clear();
  screen_packet_.u8(static_cast<std::uint8_t>(view.screen));
  screen_packet_.flag(view.login.busy);
  screen_packet_.text(view.login.error);
  screen_packet_.flag(view.login.asks_to_replace);
  screen_packet_.text(view.login.suggested_name);
  screen_packet_.text(view.login.server);
  screen_packet_.u32(view.total_unread);
  // Later the interface itself shows it.
  const client::LinkView link =
      view.screen == client::Screen::kLogin ? view.link : client::LinkView{};
  screen_packet_.u8(static_cast<std::uint8_t>(link.step));
  screen_packet_.text(link.text);
  screen_packet_.u8(static_cast<std::uint8_t>(link.emoji.size()));
  for (const client::LinkEmojiView& sign : link.emoji) {
    screen_packet_.text(sign.emoji);
    screen_packet_.text(sign.name);
  }
  const bool same =
      screen_packet_.size() == last_screen_packet_.size() &&
      std::memcmp(screen_packet_.data(), last_screen_packet_.data(), screen_packet_.size()) == 0;
  if (!same) {
    host_screen(screen_packet_.data(), screen_packet_.size());
    std::swap(screen_packet_, last_screen_packet_);
  }
  const std::uint32_t background = ui_->background_rgb();
  if (shown_background_ != background || shown_dark_ != ui_->is_dark()) {
    shown_background_ = background;
    shown_dark_ = ui_->is_dark();
    host_colors(background, shown_dark_);
  }
}

void WebApp::plan() {
  const Now at = now();
  std::optional<MonoTime> next = client_.poll_deadline();
  const auto animation = ui_->next_frame_at();
  if (animation && (!next || *animation < *next)) next = animation;
  double delay_ms = -1;
  if (next) delay_ms = static_cast<double>(std::max<std::int64_t>(0, (*next - at.mono).ms));
  host_schedule(ui_->wants_frame(at), delay_ms);
}

}  // namespace parley::web
