import Language
import Testing

@Suite struct TokenizerTests {
  @Test func characterTokenizerHasATokenACharacter() {
    let tokenizer = Tokenizer.characters("0123456789+=")
    #expect(tokenizer.vocabularySize == 13)
    #expect(tokenizer.encode("12+7=") == [1, 2, 10, 7, 11])
    #expect(tokenizer.encode("1 x2") == [1, 2])
    #expect(tokenizer.decode([9, 9, 11]) == "99=")
    #expect(tokenizer.endToken == 12)
    #expect(tokenizer.token(of: "<end>") == 12)
    #expect(tokenizer.encode("1<end>2", parsingSpecials: true) == [1, 12, 2])
    #expect(tokenizer.decode([1, 12, 2], skippingSpecials: true) == "12")
    #expect(tokenizer.decode([1, 99, -1, 2]) == "12")
  }

  @Test func templatesAreRecognised() {
    let smol = """
      {% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ \
      '<|im_start|>system\\nYou are here.<|im_end|>\\n' }}{% endif %}{{'<|im_start|>' + \
      message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}
      """
    #expect(ChatTemplate(recognizing: smol) == .chatML(defaultSystem: "You are here."))
    #expect(ChatTemplate(recognizing: "{{ message }}") == nil)
  }
}
