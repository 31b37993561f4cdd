// The tables of shared/wire/PROTOCOL.md, made from the code: numbers, names, fields, limits and
// error codes. The document must hold every row as it is (more columns may follow).
#pragma once

#include <string>
#include <vector>

namespace parley::test {

struct ProtocolTable {
  std::string title;
  std::vector<std::string> rows;
};

std::vector<ProtocolTable> protocol_tables();

}  // namespace parley::test
