// What a text is cut into, and which places of it a query means.
#include "client/search/words.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

namespace parley::search {
namespace {

class Cutter {
 public:
  Cutter() {
    sqlite3_open(":memory:", &database_);
    cutter_ = std::make_unique<WordCutter>(database_);
    REQUIRE(cutter_->ok());
  }
  ~Cutter() {
    cutter_.reset();
    sqlite3_close(database_);
  }
  Cutter(const Cutter&) = delete;
  Cutter& operator=(const Cutter&) = delete;

  std::string words(std::string_view text) const {
    std::string out;
    for (const Word& word : cutter_->words(text)) out += (out.empty() ? "" : " ") + word.text;
    return out;
  }
  // "a+b* c": phrases with their words.
  std::string phrases(std::string_view query) const {
    std::string out;
    for (const Phrase& phrase : cutter_->phrases(query)) {
      if (!out.empty()) out += ' ';
      for (const Word& word : phrase.words) {
        out += (&word == &phrase.words.front() ? "" : "+") + word.text;
      }
      if (phrase.open_end) out += '*';
    }
    return out;
  }
  // The text with what is found in brackets.
  std::string marked(std::string text, std::string_view query) const {
    auto places = find_phrases(cutter_->words(text), cutter_->phrases(query));
    for (auto place = places.rbegin(); place != places.rend(); ++place) {
      text.insert(place->end, "]").insert(place->begin, "[");
    }
    return text;
  }

 private:
  sqlite3* database_ = nullptr;
  std::unique_ptr<WordCutter> cutter_;
};

TEST_CASE("texts are cut into folded words") {
  const Cutter cutter;
  struct Case {
    std::string_view text, words;
  };
  const Case cases[] = {
      {"", ""},
      {" \t\n...!?", ""},
      {"Hello, World", "hello world"},
      {"don't", "don t"},
      {"Crème Brûlée", "creme brulee"},
      {"Cre\u0300me", "creme"},  // decomposed
      {"ÅNGSTRÖM straße", "angstrom straße"},
      {"ΑΘΗΝΑ Москва", "αθηνα москва"},
      {"ＰＡＲＬＥＹ １", "parley 1"},  // full width
      {"हिन्दी भाषा", "हिन्दी भाषा"},
      {"كِتَابٌ", "كتاب"},  // with vowel marks
      {"שָׁלוֹם", "שלום"},
      {"漢字検索", "漢字 字検 検索 索"},
      {"漢", "漢"},
      {"ひらがなと カタ", "ひら らが がな なと と カタ タ"},
      {"한글을", "한글 글을 을"},
      {"ไทย", "ไท ทย ย"},
      {"2026年1月 Tokyo東京", "2026 年 1 月 tokyo 東京 京"},
      {"great\U0001F389\U0001F389!", "great \U0001F389 \U0001F389"},
      {"\U0001F44D\U0001F3FD ok", "\U0001F44D ok"},  // skin tone
      {"\U0001F468\u200D\U0001F469\u200D\U0001F467", "\U0001F468 \U0001F469 \U0001F467"},
      {"❤\uFE0F", "❤"},
      {"bad\xff\xfeytes", "bad ytes"},
      {std::string_view("nul\0nul", 7), "nul nul"},
  };
  for (const auto& [text, words] : cases) {
    INFO(text);
    CHECK(cutter.words(text) == words);
  }
}

TEST_CASE("queries are words, quoted phrases and a word that may go on") {
  const Cutter cutter;
  struct Case {
    std::string_view query, phrases;
  };
  const Case cases[] = {
      {"", ""},
      {"  \"\" \"", ""},
      {"hel", "hel*"},
      {"hello ", "hello"},
      {"Hello Wor", "hello wor*"},
      {"\"see you\" tom", "see+you tom*"},
      {"\"see you", "see+you"},  // the quote is not closed yet
      {"\"see you\"", "see+you"},
      {"don't", "don+t*"},
      {"a\"b c\"d", "a b+c d*"},
      {"漢字", "漢字"},
      {"漢字検 x", "漢字+字検 x*"},
      {"漢", "漢*"},
      {"漢 ", "漢*"},
      {"\"東京 tower\"", "東京+京+tower"},
      {"한", "한*"},
      {"AND OR NOT NEAR(a, b) -c ^d e* room:f (", "and or not near+a b c d e room+f"},
  };
  for (const auto& [query, phrases] : cases) {
    INFO(query);
    CHECK(cutter.phrases(query) == phrases);
  }
}

TEST_CASE("a query asks for a bounded number of words") {
  const Cutter cutter;
  std::string query;
  for (int i = 0; i < 100; ++i) query += "w" + std::to_string(i) + " ";
  const std::string phrases = cutter.phrases(query);
  CHECK(std::count(phrases.begin(), phrases.end(), ' ') + 1 == WordCutter::kMaxPhrases);
  std::string quoted = "\"";
  for (int i = 0; i < 100; ++i) quoted += "w ";
  const std::string phrase = cutter.phrases(quoted);
  CHECK(std::count(phrase.begin(), phrase.end(), '+') + 1 == WordCutter::kMaxPhraseWords);
}

TEST_CASE("places are those of the text as it is written") {
  const Cutter cutter;
  CHECK(cutter.marked("Crème brûlée, crème", "creme") == "[Crème] brûlée, [crème]");
  CHECK(cutter.marked("Cre\u0300me!", "crem") == "[Cre\u0300me]!");
  CHECK(cutter.marked("see me, see you", "\"see you\"") == "see me, [see you]");
  CHECK(cutter.marked("全文検索を作る", "検索") == "全文[検索]を作る");
  CHECK(cutter.marked("全文検索を作る", "文検索") == "全[文検索]を作る");
  CHECK(cutter.marked("全文検索を作る", "索") == "全文検[索]を作る");
  CHECK(cutter.marked("全文検索を作る", "る") == "全文検索を作[る]");
  CHECK(cutter.marked("全文検索を作る", "索検") == "全文検索を作る");
  CHECK(cutter.marked("ภาษาไทยง่าย", "ไทย") == "ภาษา[ไทย]ง่าย");
  CHECK(cutter.marked("대한민국", "한민") == "대[한민]국");
  CHECK(cutter.marked("ok \U0001F44D\U0001F3FD done", "\U0001F44D") ==
        "ok [\U0001F44D]\U0001F3FD done");
  CHECK(cutter.marked("２０２６年", "2026年") == "[２０２６年]");
  CHECK(cutter.marked("aa aa", "aa a") == "[aa] [aa]");
  CHECK(cutter.marked("nothing", "some") == "nothing");
}

}  // namespace
}  // namespace parley::search
