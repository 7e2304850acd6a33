"""A mail server: aiosmtpd with the moods that the recipient's name asks for. Usage: server.py PORT DIRECTORY [CERTIFICATE KEY]"""
import asyncio
import itertools
import os
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

port, directory, *certificate = sys.argv[1:]
numbers = itertools.count()


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        if os.path.exists(f'{directory}/maintenance'):
            return '451 4.3.0 down for maintenance'
        envelope.mail_from = address
        return '250 OK'

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith('refused'):
            return '550 5.1.1 no such user'
        if address.startswith('grey'):
            return '450 4.2.0 come back later'
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        [address] = envelope.rcpt_tos
        if address.startswith('silent'):
            await asyncio.sleep(3600)
        if address.startswith('cut'):
            server.transport.abort()
            return '250 OK'
        if address.startswith('spam'):
            return '554 5.7.1 looks like spam'
        name = f'{directory}/{next(numbers):04}'
        with open(f'{name}.new', 'wb') as file:
            file.write(envelope.content)
        os.rename(f'{name}.new', f'{name}.eml')
        if address.startswith('dropped'):
            server.transport.write(b'250 OK\r\n')
            server.transport.close()
        return '250 OK'


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b'vpn', b'open sesame'), handled=False)


class TlsController(Controller):
    def factory(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        return SMTP(self.handler, tls_context=context, require_starttls=True, auth_required=True, authenticator=authenticate)


controller = (TlsController if certificate else Controller)(Handler(), hostname='127.0.0.1', port=int(port))
controller.start()
print('ready', flush=True)
threading.Event().wait()
