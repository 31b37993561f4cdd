#include "shared/wire/json_tree.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace parley::wire {

// Receives the parser's events and grows the tree; returning false stops the parser.
class JsonTree::Builder {
 public:
  explicit Builder(JsonTree& tree) : tree_(tree) {}

  const std::string& fault() const { return fault_; }

  bool null() { return add(Type::kNull); }
  bool boolean(bool value) { return add(Type::kBool, value ? 1 : 0); }
  bool number_integer(std::int64_t value) {
    return add(value < 0 ? Type::kNegative : Type::kUnsigned, static_cast<std::uint64_t>(value));
  }
  bool number_unsigned(std::uint64_t value) { return add(Type::kUnsigned, value); }
  bool number_float(double, const std::string& digits) {
    return add(Type::kFloat, 0, keep(digits));
  }
  bool string(const std::string& text) { return add(Type::kString, 0, keep(text)); }
  bool binary(const std::vector<std::uint8_t>&) { return stop("not JSON"); }

  bool start_object(std::size_t) { return add(Type::kObject) && descend(); }
  bool key(const std::string& name) {
    Level& level = levels_.back();
    const JsonTree::Index object = level.container;
    if (++level.members > kMaxJsonMembers) return stop("an object has too many members");
    if (tree_.find(object, name) != kNothing)
      return stop("an object gives \"" + excerpt(name) + "\" twice");
    name_ = keep(name);
    return true;
  }
  bool end_object() { return ascend(); }
  bool start_array(std::size_t) { return add(Type::kArray) && descend(); }
  bool end_array() { return ascend(); }

  template <class Exception>
  bool parse_error(std::size_t position, const std::string&, const Exception&) {
    return stop("not JSON at byte " + std::to_string(position));
  }

 private:
  struct Level {
    JsonTree::Index container = kNothing;
    JsonTree::Index last = kNothing;
    std::size_t members = 0;
  };

  static std::string excerpt(const std::string& name) { return name.size() <= 32 ? name : "..."; }

  bool stop(std::string why) {
    if (fault_.empty()) fault_ = std::move(why);
    return false;
  }
  Slice keep(const std::string& text) {
    const Slice s{static_cast<std::uint32_t>(tree_.texts_.size()),
                  static_cast<std::uint32_t>(text.size())};
    tree_.texts_ += text;
    return s;
  }
  bool add(Type type, std::uint64_t number = 0, Slice text = {}) {
    if (tree_.values_.size() >= kMaxJsonValues) return stop("too many values");
    const auto index = static_cast<JsonTree::Index>(tree_.values_.size());
    Value value;
    value.type = type;
    value.number = number;
    value.text = text;
    value.name = std::exchange(name_, {});
    tree_.values_.push_back(value);
    if (!levels_.empty()) {
      Level& level = levels_.back();
      auto& link = level.last == kNothing ? tree_.values_[level.container].first
                                          : tree_.values_[level.last].next;
      link = index;
      level.last = index;
    }
    return true;
  }
  bool descend() {
    if (levels_.size() >= static_cast<std::size_t>(kMaxDepth)) return stop("nested too deeply");
    Level level;
    level.container = static_cast<JsonTree::Index>(tree_.values_.size() - 1);
    levels_.push_back(level);
    return true;
  }
  bool ascend() {
    levels_.pop_back();
    return true;
  }

  JsonTree& tree_;
  std::vector<Level> levels_;
  Slice name_;  // of the member whose value comes next
  std::string fault_;
};

Result<JsonTree> JsonTree::parse(std::string_view text) {
  if (text.size() > kMaxFrameBytes) return Error{ErrorCode::kTooLarge, "JSON text", {}};
  // The parser would take a zero byte for the end of the text.
  if (text.find('\0') != text.npos) return Error{ErrorCode::kMalformed, "zero byte", {}};
  JsonTree tree;
  Builder builder(tree);
  const bool parsed = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  if (!parsed || tree.values_.empty()) {
    const std::string& fault = builder.fault();
    return Error{ErrorCode::kMalformed, fault.empty() ? "not JSON" : fault, {}};
  }
  return tree;
}

JsonTree::Index JsonTree::find(Index object, std::string_view name) const {
  for (Index at = first(object); at != kNothing; at = next(at)) {
    if (this->name(at) == name) return at;
  }
  return kNothing;
}

}  // namespace parley::wire
