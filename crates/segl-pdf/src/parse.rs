//! Tokens to values, within bounds.

use crate::{
    Bound, Dictionary, Limits, Object, ReadError, Reference, SyntaxProblem,
    lex::{LexError, Lexer, Token},
};

/// Why no value could be had.
#[derive(Debug)]
pub(crate) enum ParseError {
    MoreInput,
    Read(ReadError),
}

impl From<LexError> for ParseError {
    fn from(error: LexError) -> Self {
        match error {
            LexError::MoreInput => Self::MoreInput,
            LexError::Syntax(error) => Self::Read(error.into()),
        }
    }
}

impl From<ReadError> for ParseError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// Reads one direct value.
pub(crate) fn object(lexer: &mut Lexer<'_>, limits: &Limits) -> Result<Object, ParseError> {
    let mut parser = Parser { lexer, nesting: limits.nesting, nodes: limits.object_nodes };
    let token = parser.lexer.next()?;
    parser.value(token)
}

/// Reads `12 0 obj`.
pub(crate) fn object_header(lexer: &mut Lexer<'_>) -> Result<Reference, ParseError> {
    let (Token::Integer(number), Token::Integer(generation)) = (lexer.next()?, lexer.next()?) else {
        return Err(lexer.error(SyntaxProblem::Missing("obj")).into());
    };
    // Some producers leave no space between `obj` and the value; `obj` is then still a token of its own, because a
    // value that is not separated begins with a delimiter.
    lexer.expect("obj")?;
    reference(number, generation).ok_or_else(|| lexer.error(SyntaxProblem::Missing("obj")).into())
}

fn reference(number: i64, generation: i64) -> Option<Reference> {
    Some(Reference { number: number.try_into().ok()?, generation: generation.try_into().ok()? })
}

struct Parser<'l, 'a> {
    lexer: &'l mut Lexer<'a>,
    nesting: usize,
    nodes: usize,
}

impl Parser<'_, '_> {
    fn value(&mut self, token: Token<'_>) -> Result<Object, ParseError> {
        self.nodes = self.nodes.checked_sub(1).ok_or_else(|| self.limit(Bound::ObjectNodes))?;
        Ok(match token {
            Token::ArrayOpen => self.nested(Self::array)?,
            Token::DictionaryOpen => self.nested(Self::dictionary)?,
            Token::Integer(number) => self.integer_or_reference(number)?,
            Token::Keyword(b"false") => Object::Boolean(false),
            Token::Keyword(b"null") => Object::Null,
            Token::Keyword(b"true") => Object::Boolean(true),
            Token::Name(name) => Object::Name(name),
            Token::Real(real) => Object::Real(real),
            Token::String(string) => Object::String(string),
            Token::End => return Err(self.lexer.error(SyntaxProblem::UnexpectedEnd).into()),
            Token::ArrayClose | Token::DictionaryClose | Token::Keyword(_) => {
                return Err(self.lexer.error(SyntaxProblem::UnexpectedToken).into());
            }
        })
    }

    fn limit(&self, bound: Bound) -> ParseError {
        ReadError::Limit { offset: self.lexer.offset(), bound }.into()
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Object, ParseError>) -> Result<Object, ParseError> {
        self.nesting = self.nesting.checked_sub(1).ok_or_else(|| self.limit(Bound::Nesting))?;
        let value = read(self)?;
        self.nesting += 1;
        Ok(value)
    }

    fn array(&mut self) -> Result<Object, ParseError> {
        let mut items = Vec::new();
        loop {
            match self.lexer.next()? {
                Token::ArrayClose => return Ok(Object::Array(items)),
                token => items.push(self.value(token)?),
            }
        }
    }

    fn dictionary(&mut self) -> Result<Object, ParseError> {
        let mut dictionary = Dictionary::new();
        loop {
            match self.lexer.next()? {
                Token::DictionaryClose => return Ok(Object::Dictionary(dictionary)),
                Token::End => return Err(self.lexer.error(SyntaxProblem::UnexpectedEnd).into()),
                Token::Name(key) => {
                    let token = self.lexer.next()?;
                    let value = self.value(token)?;
                    dictionary.push(key, value);
                }
                _ => return Err(self.lexer.error(SyntaxProblem::KeyIsNotAName).into()),
            }
        }
    }

    fn integer_or_reference(&mut self, number: i64) -> Result<Object, ParseError> {
        let after = self.lexer.position();
        match self.reference_tail(number) {
            Ok(Some(reference)) => return Ok(Object::Reference(reference)),
            Err(LexError::MoreInput) => return Err(ParseError::MoreInput),
            // What follows the number is broken; that is said when it is read for itself.
            Ok(None) | Err(LexError::Syntax(_)) => {}
        }
        self.lexer.seek(after);
        Ok(Object::Integer(number))
    }

    fn reference_tail(&mut self, number: i64) -> Result<Option<Reference>, LexError> {
        // A cheap look first, so that a number before a long string does not lex that string twice.
        self.lexer.skip_space()?;
        if !self.lexer.peek_byte().is_some_and(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        let Token::Integer(generation) = self.lexer.next()? else { return Ok(None) };
        self.lexer.skip_space()?;
        if self.lexer.peek_byte() != Some(b'R') {
            return Ok(None);
        }
        Ok(match self.lexer.next()? {
            Token::Keyword(b"R") => reference(number, generation),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &str) -> Result<Object, ParseError> {
        object(&mut Lexer::new(input.as_bytes(), Some(0), true), &Limits::default())
    }

    #[test]
    fn references_and_numbers_are_told_apart() {
        let Ok(Object::Array(items)) = read("[1 0 R 2 3 4 0 R 5]") else { panic!("an array") };
        assert_eq!(
            items,
            [
                Object::Reference(Reference::new(1)),
                Object::Integer(2),
                Object::Integer(3),
                Object::Reference(Reference::new(4)),
                Object::Integer(5),
            ]
        );
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = "[".repeat(10_000);
        assert!(matches!(read(&deep), Err(ParseError::Read(ReadError::Limit { bound: Bound::Nesting, .. }))));
        let deep = "<</A".repeat(10_000);
        assert!(matches!(read(&deep), Err(ParseError::Read(ReadError::Limit { bound: Bound::Nesting, .. }))));
    }

    #[test]
    fn values_are_bounded() {
        let many = format!("[{}]", "null ".repeat(300_000));
        assert!(matches!(
            read(&many),
            Err(ParseError::Read(ReadError::Limit { bound: Bound::ObjectNodes, .. }))
        ));
    }

    #[test]
    fn a_dictionary_wants_names_for_keys() {
        let Err(ParseError::Read(ReadError::Syntax(error))) = read("<</A 1 2 3>>") else { panic!("refused") };
        assert_eq!(error.problem, SyntaxProblem::KeyIsNotAName);
    }
}
