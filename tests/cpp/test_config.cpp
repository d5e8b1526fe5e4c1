#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>

#include "lamina/config.h"
#include "lamina/error.h"

using lamina::Config;
using lamina::Error;

namespace {

std::string again(const std::string& text) { return Config::parse(text).dump(); }

std::string error_of(const std::string& text) {
  try {
    Config::parse(text);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

}  // namespace

TEST_CASE("config: values and access") {
  Config c = Config::object({{"units", 64}, {"name", "dense"}, {"rate", 0.5}, {"bias", true}});
  CHECK(c.size() == 4);
  CHECK(c.at("units").as_int() == 64);
  CHECK(c.at("units").as_double() == 64.0);
  CHECK(c.at("rate").as_double() == 0.5);
  CHECK(c.at("bias").as_bool());
  CHECK(c.at("name").as_string() == "dense");
  CHECK(c.find("nothing") == nullptr);
  CHECK_FALSE(c.has("nothing"));
  c.set("units", 32);
  c.set("extra", nullptr);
  CHECK(c.dump() == R"({"units":32,"name":"dense","rate":0.5,"bias":true,"extra":null})");
  c.erase("name");
  c.erase("name");
  CHECK(c.size() == 4);

  Config list;
  list.push(1);
  list.push("two");
  CHECK(list[1].as_string() == "two");
  CHECK_THROWS_AS(list[2], Error);
  CHECK(Config(std::vector<int64_t>{3, -4}).as_ints() == std::vector<int64_t>{3, -4});
  CHECK(Config(std::vector<std::string>{"a", "b"}).dump() == R"(["a","b"])");
  CHECK(Config(3.0).as_int() == 3);
  CHECK_THROWS_AS(Config(3.5).as_int(), Error);
  CHECK_THROWS_AS(Config(1e300).as_int(), Error);
  CHECK_THROWS_AS(Config(9223372036854775808.0).as_int(), Error);
  CHECK(Config(-9223372036854775808.0).as_int() == std::numeric_limits<int64_t>::min());
  CHECK_THROWS_AS(Config(std::nan("")).as_int(), Error);
  CHECK_THROWS_AS(Config(true).as_int(), Error);
  CHECK_THROWS_AS(Config(1).as_bool(), Error);
  CHECK_THROWS_AS(Config(1).as_list(), Error);
  CHECK_THROWS_AS(Config(1).has("x"), Error);
  CHECK_THROWS_AS(Config(1).set("x", 1), Error);
  CHECK_THROWS_AS(Config("x").push(1), Error);
  CHECK_THROWS_AS(Config().size(), Error);
  CHECK_THROWS_WITH(c.at("unit"),
                    "Config: missing key 'unit'. Keys: 'units', 'rate', 'bias', 'extra'");
  CHECK_THROWS_WITH(Config("abc").as_int(),
                    "Config: expected an integer, received a string ('abc')");
}

TEST_CASE("config: equality") {
  CHECK(Config::parse(R"({"a":1,"b":[2]})") == Config::parse(R"({"b":[2.0],"a":1.0})"));
  CHECK_FALSE(Config::parse(R"({"a":1})") == Config::parse(R"({"a":1,"b":2})"));
  CHECK_FALSE(Config::parse(R"({"a":1})") == Config::parse(R"({"b":1})"));
  CHECK(Config(std::nan("")) == Config(std::nan("")));
  CHECK_FALSE(Config(0) == Config(false));
  CHECK_FALSE(Config(int64_t{9007199254740993}) == Config(9007199254740992.0));
  CHECK_FALSE(Config(std::numeric_limits<int64_t>::max()) == Config(9223372036854775808.0));
}

TEST_CASE("config: dump") {
  const Config c = Config::parse(R"( { "a" : [ 1 , 2.5 , { } , [ ] ] , "b" : { "c" : null } } )");
  CHECK(c.dump() == R"({"a":[1,2.5,{},[]],"b":{"c":null}})");
  CHECK(c.dump(2) ==
        "{\n  \"a\": [\n    1,\n    2.5,\n    {},\n    []\n  ],\n  \"b\": {\n    \"c\": null\n  "
        "}\n}");
  CHECK(Config("q\"\\/\n\t\x01\x7f\xC3\xA9").dump() ==
        "\"q\\\"\\\\/\\n\\u0009\\u0001\x7f\xC3\xA9\"");
  CHECK(Config(std::string("a\0b", 3)).dump() == "\"a\\u0000b\"");
  CHECK_THROWS_AS(Config("\xff").dump(), Error);
  CHECK_THROWS_AS(Config::object({{"\xC3", 1}}).dump(), Error);
}

TEST_CASE("config: numbers") {
  for (const char* text :
       {"0", "-1", "9223372036854775807", "-9223372036854775808", "0.1", "1.0", "1e+22", "5e-324",
        "1.7976931348623157e+308", "-0.0", "NaN", "Infinity", "-Infinity", "0.30000000000000004"}) {
    CHECK(again(text) == text);
  }
  CHECK(Config::parse("1").is_int());
  CHECK(Config::parse("-0").is_int());
  CHECK_FALSE(Config::parse("1.0").is_int());
  CHECK_FALSE(Config::parse("1e2").is_int());
  CHECK(Config::parse("1E2").as_double() == 100);
  CHECK_FALSE(Config::parse("9223372036854775808").is_int());
  CHECK(Config::parse("9223372036854775808").as_double() == 9223372036854775808.0);
  CHECK(Config::parse("18446744073709551616").as_double() == 18446744073709551616.0);
  CHECK(Config::parse("1" + std::string(400, '0')).as_double() ==
        std::numeric_limits<double>::infinity());
  CHECK(Config::parse("1e400").as_double() == std::numeric_limits<double>::infinity());
  CHECK(Config::parse("-1e99999999999999999999").as_double() ==
        -std::numeric_limits<double>::infinity());
  CHECK(Config::parse("1e-400").as_double() == 0);
  CHECK(Config::parse("0." + std::string(400, '0') + "1e401").as_double() == doctest::Approx(1));
  CHECK(Config::parse("1e-99999999999999999999").as_double() == 0);
  CHECK(Config::parse("0e99999999999999999999").as_double() == 0);
  CHECK(Config::parse("4.9406564584124654e-324").as_double() == 5e-324);

  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const uint64_t bits = random();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (std::isnan(value)) continue;
    const Config back = Config::parse(Config(value).dump());
    REQUIRE_FALSE(back.is_int());
    REQUIRE(same_bits(back.as_double(), value));
  }
  for (const char* bad : {"01", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "--1", "-NaN", "nan",
                          "Inf", "Infinit", "-Infinit", "1 2", "1_000", "NaNs"}) {
    CHECK_MESSAGE(!error_of(bad).empty(), bad);
  }
}

TEST_CASE("config: strings") {
  CHECK(Config::parse(R"("\"\\\/\b\f\n\r\tA\u00e9\u20AC")").as_string() ==
        "\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC");
  CHECK(Config::parse(R"("\ud83d\ude00")").as_string() == "\xF0\x9F\x98\x80");
  CHECK(Config::parse(R"("\uDBFF\uDFFF")").as_string() == "\xF4\x8F\xBF\xBF");
  CHECK(Config::parse(R"("a\u0000b")").as_string() == std::string("a\0b", 3));
  CHECK(Config::parse("\"\x7f\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF\"").as_string().size() == 11);
  for (const char* bad :
       {R"("\ud83d")", R"("\ud83dx")", R"("\ud83d\n")", R"("\ud83d\u0041")", R"("\ude00")",
        R"("\ude00\ud83d")", R"("\ud83d\ud83d")", R"("\u12")", R"("\u12g4")", R"("\x41")", R"("\)",
        R"(")", R"("abc)", "\"a\nb\"", "\"\t\"", "'a'"}) {
    CHECK_MESSAGE(!error_of(bad).empty(), bad);
  }
  for (const char* bad :
       {"\x80", "\xC3", "\xC3(", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xE2\x82",
        "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\xF0\x9F\x98",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF"}) {
    CHECK(error_of("\"" + std::string(bad) + "\"").find("UTF-8") != std::string::npos);
    CHECK(!error_of("\"" + std::string(bad)).empty());
  }
}

TEST_CASE("config: malformed text") {
  for (const char* bad : {"",
                          " ",
                          "nul",
                          "nulll",
                          "tru",
                          "falsey",
                          "[",
                          "]",
                          "[1",
                          "[1,",
                          "[1,]",
                          "[,1]",
                          "[1 2]",
                          "{",
                          "}",
                          "{\"a\"",
                          "{\"a\":",
                          "{\"a\":1",
                          "{\"a\":1,",
                          "{\"a\":1,}",
                          "{,}",
                          "{1:2}",
                          "{a:1}",
                          "{\"a\" 1}",
                          "{\"a\":1 \"b\":2}",
                          "[1}",
                          "{\"a\":1]",
                          "[] []",
                          "// c\n1",
                          "[1,,2]",
                          "\xEF\xBB\xBF{}"}) {
    CHECK_MESSAGE(!error_of(bad).empty(), bad);
  }
  CHECK(!error_of(std::string("1\0", 2)).empty());
  CHECK(error_of("{\n \"a\": 1,\n \"a\": 2}").find("'a' twice") != std::string::npos);
  CHECK(error_of("{\n  \"a\": x}") == "JSON, line 2, column 8: expected a value, found 'x'");
  CHECK(error_of("[1, 2").find("the end of the text") != std::string::npos);
}

TEST_CASE("config: nesting") {
  const auto nested = [](int n, const std::string& open, const std::string& close) {
    std::string text;
    for (int i = 0; i < n; ++i) text += open;
    text += "1";
    for (int i = 0; i < n; ++i) text += close;
    return text;
  };
  CHECK(again(nested(100, "[", "]")) == nested(100, "[", "]"));
  CHECK(again(nested(100, "{\"a\":", "}")) == nested(100, "{\"a\":", "}"));
  CHECK(error_of(nested(101, "[", "]")).find("deeper than 100") != std::string::npos);
  CHECK(!error_of(nested(101, "{\"a\":", "}")).empty());
  CHECK(!error_of(std::string(1000000, '[')).empty());
  Config deep = 1;
  for (int i = 0; i < 101; ++i) deep = Config::list({deep});
  CHECK_THROWS_AS(deep.dump(), Error);
}

TEST_CASE("config: a large object is read in good time") {
  std::string text = "{";
  for (int i = 0; i < 100000; ++i) {
    text += (i ? ",\"" : "\"") + std::to_string(i) + "\":" + std::to_string(i);
  }
  const Config c = Config::parse(text + "}");
  CHECK(c.size() == 100000);
  CHECK(c.dump() == text + "}");
  CHECK(!error_of(text + ",\"77\":0}").empty());
}

TEST_CASE("config: random bytes never do harm") {
  const std::string seed = R"({"class_name":"Dense","config":{"units":64,"rate":-1.5e-3,)"
                           R"("x":[true,false,null,NaN,"\u00e9\ud83d\ude00"]}})";
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string text = seed;
    for (int n = 1 + static_cast<int>(random() % 4); n > 0; --n) {
      const size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, 1 + random() % 3);
          break;
        default:
          text.insert(at, 1, seed[random() % seed.size()]);
      }
    }
    try {
      const Config c = Config::parse(text);
      REQUIRE(Config::parse(c.dump()) == c);
    } catch (const Error&) {
    }
  }
}
