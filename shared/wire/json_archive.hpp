// JSON archives: the second reading of the declarations that archive.hpp reads as binary.
//
// JsonWriter writes straight into a string. JsonReader walks a JsonTree; the first fault is kept
// with the path of its field ("rooms[3].settings.name: expected a string"), afterwards nothing more
// is read. Absent members and null leave a field as it is. Neither throws.
#pragma once

#include "shared/wire/archive.hpp"
#include "shared/wire/enum_names.hpp"
#include "shared/wire/json_tree.hpp"

namespace parley::wire {

// A struct that declares its fields.
template <class T, class Archive>
concept Declared = std::is_class_v<T> && requires(T& value, Archive& ar) { value.serialize(ar); };

// ---- writing -----------------------------------------------------------------------------------

class JsonWriter : public cereal::OutputArchive<JsonWriter, cereal::AllowEmptyClassElision> {
 public:
  explicit JsonWriter(std::string& out) : OutputArchive(this), out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  void key(std::string_view name);  // the value comes next

  void write_text(std::string_view text);  // bytes that are not UTF-8 become U+FFFD
  void write_number(std::uint64_t value);
  void write_signed(std::int64_t value);
  void write_bool(bool value);
  void write_json(std::string_view json);  // a JSON value as it is

  void member(std::string_view name, std::string_view text) {
    key(name);
    write_text(text);
  }
  void member_number(std::string_view name, std::uint64_t value) {
    key(name);
    write_number(value);
  }

  void write(bool value) { write_bool(value); }
  template <Integer T>
  void write(T value) {
    if constexpr (std::is_signed_v<T>) {
      write_signed(value);
    } else {
      write_number(value);
    }
  }
  template <class E>
    requires std::is_enum_v<E>
  void write(E value) {
    const std::string_view name = enum_name(value);
    if (name.empty()) return write(static_cast<std::underlying_type_t<E>>(value));
    write_text(name);
  }
  template <class Tag>
  void write(const Id<Tag>& id) {
    write_text(id.to_string());
  }
  void write(Seq seq) { write_number(seq.value); }
  void write(Timestamp at) { write_text(to_iso8601(at)); }
  void write(const Event& event);  // envelope and body in one object, see write_event_members
  template <class T>
  void write(const Capped<T>& capped) {
    using Value = std::remove_const_t<T>;
    if constexpr (std::same_as<Value, std::string>) {
      write_text(capped.value);
    } else if constexpr (std::same_as<Value, Bytes>) {
      write_text(to_base64url(capped.value));
    } else {
      begin_array();
      for (const auto& element : capped.value) {
        separate();
        write(element);
      }
      end_array();
    }
  }
  template <class T>
    requires Declared<T, JsonWriter>
  void write(const T& value) {
    begin_object();
    members(value);
    end_object();
  }

  // The fields alone, into the object that is open.
  template <class T>
    requires Declared<T, JsonWriter>
  void members(const T& value) {
    (*this)(value);
  }
  // "type" is the kind's name, then the envelope's fields and the body's beside them. A body this
  // build cannot read stands under "body" as base64url, a kind without a name under "kind".
  void event_members(const Event& event, std::optional<RoomId> room = std::nullopt);

  template <class T>
  void write_field(const char* name, const T& value) {
    if constexpr (requires { value.value.has_value(); }) {  // Capped<optional>
      if (value.value) write_field(name, Capped{*value.value, value.cap});
    } else if constexpr (Optional<T>) {
      if (value) write_field(name, *value);
    } else {
      key(name);
      write(value);
    }
  }

 private:
  void open(char bracket);
  void close(char bracket);
  void separate();

  std::string& out_;
  bool first_ = true;  // nothing stands yet in the container that is open
};

// ---- reading -----------------------------------------------------------------------------------

class JsonReader : public cereal::InputArchive<JsonReader, cereal::AllowEmptyClassElision> {
 public:
  // `tree` must outlive the reader; reading starts at `at`.
  explicit JsonReader(const JsonTree& tree, JsonTree::Index at = JsonTree::root())
      : InputArchive(this), tree_(tree), at_(at) {}

  bool ok() const { return !error_.has_value(); }
  Status finish() const {
    if (error_) return *error_;
    return {};
  }
  void fail(std::string_view what, ErrorCode code = ErrorCode::kInvalidArgument);

  // The scalars of the value at hand; a fault and false when it is something else.
  bool read_unsigned(std::uint64_t& out);
  bool read_signed(std::int64_t& out);
  bool read_text(std::string_view& out);
  bool expect(JsonTree::Type type, std::string_view what);

  void read(bool& out);
  template <Integer T>
  void read(T& out) {
    using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
    Wide wide = 0;
    bool given = false;
    if constexpr (std::is_signed_v<T>) {
      given = read_signed(wide);
    } else {
      given = read_unsigned(wide);
    }
    if (!given) return;
    if (static_cast<Wide>(static_cast<T>(wide)) != wide) return fail("number out of range");
    out = static_cast<T>(wide);
  }
  template <class E>
    requires std::is_enum_v<E>
  void read(E& out) {
    if (tree_.type(at_) != JsonTree::Type::kString) {
      std::underlying_type_t<E> number{};
      read(number);
      if (ok()) out = static_cast<E>(number);
    } else if (const auto value = enum_from_name<E>(tree_.text(at_))) {
      out = *value;
    } else {
      fail("not one of the known names");
    }
  }
  template <class Tag>
  void read(Id<Tag>& out) {
    std::string_view text;
    if (!read_text(text)) return;
    const auto id = Id<Tag>::parse(text);
    if (!id) return fail("expected a UUID");
    out = *id;
  }
  void read(Seq& out) { read_unsigned(out.value); }
  void read(Timestamp& out);
  void read(Event& out);
  template <class T>
  void read(Capped<T>& capped) {
    if constexpr (std::same_as<T, std::string>) {
      read_string(capped.value, capped.cap);
    } else if constexpr (std::same_as<T, Bytes>) {
      read_bytes(capped.value, capped.cap);
    } else if constexpr (Optional<T>) {
      Capped<typename T::value_type> inner{capped.value.emplace(), capped.cap};
      read(inner);
    } else {
      read_list(capped.value, capped.cap);
    }
  }
  template <class T>
  void read(std::optional<T>& out) {
    read(out.emplace());
  }
  template <class T>
    requires Declared<T, JsonReader>
  void read(T& out) {
    if (expect(JsonTree::Type::kObject, "expected an object")) (*this)(out);
  }

  // Reads the member of the object at hand into `out` if it is there.
  template <class T>
  void read_field(const char* name, T& out) {
    if (!ok()) return;
    const JsonTree::Index member = tree_.find(at_, name);
    if (member == JsonTree::kNothing || tree_.type(member) == JsonTree::Type::kNull) return;
    Inside inside(*this, {name, 0}, member);
    read(out);
  }

 private:
  struct Step {
    const char* name = nullptr;  // null: an element of an array
    std::size_t index = 0;
  };
  // One step down the tree, and up again at the end of the scope.
  class Inside {
   public:
    Inside(JsonReader& reader, Step step, JsonTree::Index at) : reader_(reader), up_(reader.at_) {
      reader_.path_.push_back(step);
      reader_.at_ = at;
    }
    ~Inside() {
      reader_.path_.pop_back();
      reader_.at_ = up_;
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    JsonReader& reader_;
    JsonTree::Index up_;
  };

  void read_string(std::string& out, std::size_t cap);
  void read_bytes(Bytes& out, std::size_t cap);
  template <class List>
  void read_list(List& out, std::size_t cap) {
    if (!expect(JsonTree::Type::kArray, "expected an array")) return;
    out.clear();
    for (auto at = tree_.first(at_); at != JsonTree::kNothing && ok(); at = tree_.next(at)) {
      if (out.size() == cap) return fail("more elements than allowed");
      Inside inside(*this, {nullptr, out.size()}, at);
      read(out.emplace_back());
    }
  }

  const JsonTree& tree_;
  JsonTree::Index at_;
  std::vector<Step> path_;
  std::optional<Error> error_;
};

}  // namespace parley::wire

namespace cereal {

// Enums, ids and all else are told apart here, at the named field: cereal itself would reduce an
// enum to its number before an archive sees it.
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(parley::wire::JsonWriter& ar, const NameValuePair<T>& pair) {
  ar.write_field(pair.name, pair.value);
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(parley::wire::JsonReader& ar, NameValuePair<T>& pair) {
  ar.read_field(pair.name, pair.value);
}

}  // namespace cereal

CEREAL_REGISTER_ARCHIVE(parley::wire::JsonWriter)
CEREAL_REGISTER_ARCHIVE(parley::wire::JsonReader)
CEREAL_SETUP_ARCHIVE_TRAITS(parley::wire::JsonReader, parley::wire::JsonWriter)

namespace parley::wire {

template <class T>
std::string encode_json(const T& value) {
  std::string out;
  JsonWriter writer(out);
  writer.write(value);
  return out;
}

// The whole of `text` must be one T.
template <class T>
Result<T> decode_json(std::string_view text) {
  auto tree = JsonTree::parse(text);
  if (!tree) return tree.error();
  JsonReader reader(*tree);
  T value{};
  reader.read(value);
  PARLEY_TRY(reader.finish());
  return value;
}

}  // namespace parley::wire
