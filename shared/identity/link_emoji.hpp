// The pictures that stand for the numbers of an EmojiCode (link.hpp), with names for those who
// cannot see them or have no such font. All are single characters of Unicode 9 or earlier that are
// shown in colour by themselves. The order is part of the protocol: both sides must show the same.
#pragma once

#include <array>
#include <string_view>

namespace parley::identity {

struct LinkEmoji {
  std::string_view picture;  // UTF-8
  std::string_view name;     // English, one word
};

inline constexpr std::array<LinkEmoji, 64> kLinkEmojiTable = {{
    {"\U0001F436", "dog"},       {"\U0001F431", "cat"},        {"\U0001F981", "lion"},
    {"\U0001F434", "horse"},     {"\U0001F437", "pig"},        {"\U0001F418", "elephant"},
    {"\U0001F430", "rabbit"},    {"\U0001F43C", "panda"},      {"\U0001F413", "rooster"},
    {"\U0001F427", "penguin"},   {"\U0001F422", "turtle"},     {"\U0001F41F", "fish"},
    {"\U0001F419", "octopus"},   {"\U0001F98B", "butterfly"},  {"\U0001F41D", "bee"},
    {"\U0001F40C", "snail"},     {"\U0001F989", "owl"},        {"\U0001F980", "crab"},
    {"\U0001F433", "whale"},     {"\U0001F438", "frog"},       {"\U0001F337", "tulip"},
    {"\U0001F332", "tree"},      {"\U0001F335", "cactus"},     {"\U0001F344", "mushroom"},
    {"\U0001F33B", "sunflower"}, {"\U0001F340", "clover"},     {"\U0001F30D", "globe"},
    {"\U0001F319", "moon"},      {"\U0001F525", "fire"},       {"\U0001F308", "rainbow"},
    {"\U00002B50", "star"},      {"\U000026C4", "snowman"},    {"\U0001F34C", "banana"},
    {"\U0001F34E", "apple"},     {"\U0001F353", "strawberry"}, {"\U0001F347", "grapes"},
    {"\U0001F34B", "lemon"},     {"\U0001F352", "cherries"},   {"\U0001F33D", "corn"},
    {"\U0001F955", "carrot"},    {"\U0001F355", "pizza"},      {"\U0001F382", "cake"},
    {"\U0001F916", "robot"},     {"\U0001F3A9", "hat"},        {"\U0001F453", "glasses"},
    {"\U0000231B", "hourglass"}, {"\U0001F381", "gift"},       {"\U0001F4A1", "bulb"},
    {"\U0001F4D5", "book"},      {"\U0001F511", "key"},        {"\U0001F528", "hammer"},
    {"\U0001F682", "train"},     {"\U0001F6B2", "bicycle"},    {"\U0001F697", "car"},
    {"\U0001F680", "rocket"},    {"\U00002693", "anchor"},     {"\U0001F3C6", "trophy"},
    {"\U000026BD", "ball"},      {"\U0001F3B8", "guitar"},     {"\U0001F3BA", "trumpet"},
    {"\U0001F514", "bell"},      {"\U0001F388", "balloon"},    {"\U0001F3E0", "house"},
    {"\U0001F451", "crown"},
}};

}  // namespace parley::identity
