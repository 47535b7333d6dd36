#include "engine/cli/commands.hpp"

int main(int count, char** values) {
  return tocsin::cli::run({values, values + count});
}
